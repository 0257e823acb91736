-- /// query
-- title = "Logins that were refused to a host while it missed a path"
-- description = """
-- From the array's own log: of the initiator, in the SVM and at the interface where it names them,
-- after the loss and until the path was back.
-- """
-- [columns]
-- loss = "The loss, as numbered by losses."
-- refused = "How many."
-- last_refused = "The last of them."
-- ///
select l.loss, count(*) as refused, max(e.happened_at) as last_refused
from losses l
join
    array_events e
    on e.cluster = l.cluster
    and e.initiator = l.initiator
    and e.event = 'login_refused'
    and e.happened_at > l.lost_after
    and coalesce(e.happened_at <= l.ended_by, true)
where
    coalesce(e.interface = l.interface, true)
    and coalesce(e.svm = l.svm, true)
    and e.happened_at <= $until
group by l.loss
