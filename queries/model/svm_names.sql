-- /// query
-- title = "Names of SVMs"
-- description = "Every name of every SVM that the history has seen."
-- [columns]
-- name = "Name, lower-cased."
-- part = "Whether a part of the name is enough: never."
-- ///
select lower(svm) as name, false as part
from spells
where svm <> ''
union
select lower(svm) as name, false as part
from sightings
where svm <> ''
union
select lower(name) as name, false as part
from svms
where name <> ''
