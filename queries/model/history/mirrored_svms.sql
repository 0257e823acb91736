-- /// query
-- title = "SVMs that are one SVM on two clusters of a MetroCluster"
-- description = """
-- By the array's own map of partners; SVMs that no map lists are partners where one is called like
-- the other with -mc. Each pair has two rows.
-- """
-- [columns]
-- svm = "Name of the SVM."
-- partner = "Name of the SVM that goes on in its place."
-- ///
with
    mapped as (
        select name as svm, partner
        from metrocluster
        where name <> '' and partner <> ''
        union
        select partner, name
        from metrocluster
        where name <> '' and partner <> ''
    ),
    names as (
        select svm
        from spells
        union
        select svm
        from partner_sessions
    ),
    called as (
        select svm from names n where not exists (select 1 from mapped m where m.svm = n.svm)
    )
select svm, partner
from mapped
union
select a.svm, b.svm
from called a
join called b on b.svm = a.svm || '-mc' or a.svm = b.svm || '-mc'
