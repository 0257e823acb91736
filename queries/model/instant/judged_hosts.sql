-- /// query
-- title = "Initiators whose redundancy can be judged"
-- description = "Not those that are just logging in, nor those of a kind that logs in only once."
-- [columns]
-- cluster = "Cluster."
-- svm_id = "SVM."
-- svm = "Name of the SVM."
-- initiator = "Initiator."
-- taken_at = "The snapshot."
-- sessions = "Its sessions."
-- interface_ids = "Interfaces it uses, by identity."
-- interfaces = "Interfaces it uses, by name."
-- nodes = "Nodes it stands on; null if the node of an interface is not known."
-- subnets = "Subnets it uses; null if the subnet of an interface is not known."
-- fabrics = "Fabrics it uses; null likewise."
-- host_addresses = "Its own addresses."
-- igroups = "Names of its igroups."
-- want_paths = "Interfaces that policy asks for."
-- want_nodes = "Nodes that policy asks for."
-- want_subnets = "Subnets that policy asks for."
-- want_per_path = "Sessions per path that policy asks for."
-- settling = "Whether it logged in so lately that its other logins may be on their way."
-- single_by_design = "Whether its kind of initiator logs in only once."
-- ///
select
    cluster,
    svm_id,
    svm,
    initiator,
    taken_at,
    sessions,
    interface_ids,
    interfaces,
    nodes,
    subnets,
    fabrics,
    host_addresses,
    igroups,
    want_paths,
    want_nodes,
    want_subnets,
    want_per_path,
    settling,
    single_by_design
from hosts_at
where not settling and not single_by_design and initiator <> ''
