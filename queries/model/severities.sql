-- /// query
-- title = "Severities"
-- description = "How severities rank: 1 is the worst."
-- [columns]
-- severity = "critical, high, medium, low or info."
-- rank = "Its place, the worst first."
-- ///
select severity, rank
from (values ('critical', 1), ('high', 2), ('medium', 3), ('low', 4), ('info', 5)) s(severity, rank)
