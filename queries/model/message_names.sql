-- /// query
-- title = "Names of messages"
-- description = "Every message of the array's own log that the history has."
-- [columns]
-- name = "Name, lower-cased."
-- part = "Whether a part of the name is enough: never."
-- ///
select distinct lower(message) as name, false as part from ems
