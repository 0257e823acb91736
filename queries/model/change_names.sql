-- /// query
-- title = "Kinds of change"
-- description = "Every word that the reports changes and events may have in their column change."
-- [columns]
-- name = "The word."
-- part = "Whether a part of the word is enough: never."
-- ///
select
    unnest(
        [
            'lost',
            'appeared',
            'reconnected',
            'relogged_in',
            'connection_replaced',
            'connection_lost',
            'node_taken_over',
            'node_given_back',
            'node_down',
            'node_up',
            'node_renamed',
            'interface_moved',
            'interface_home',
            'interface_down',
            'interface_up',
            'interface_added',
            'interface_removed',
            'interface_replaced',
            'svm_stopped',
            'svm_started',
            'svm_listed_again',
            'svm_not_listed',
            'authentication_changed',
            'igroups_changed',
            'alias_changed',
            'comment_changed',
            'svm_renamed',
            'interface_renamed'
        ]
    ) as name,
    false as part
