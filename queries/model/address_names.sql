-- /// query
-- title = "Addresses of hosts"
-- description = "Every host address that the history has seen."
-- [columns]
-- name = "Address."
-- part = "Whether a part of the address is enough: never."
-- ///
select distinct initiator_address as name, false as part from spells where initiator_address <> ''
