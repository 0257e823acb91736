-- /// query
-- title = "Since when something is missing"
-- description = """
-- One row: the last complete snapshot before the oldest loss that is still open; null if none is.
-- What is compared with it shows all that is not back.
-- """
-- [columns]
-- before = "The snapshot."
-- ///
select min(lost_after) as before from losses where status = 'open' and in_window
