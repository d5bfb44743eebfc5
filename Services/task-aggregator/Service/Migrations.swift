import Storage

/// The tables of task-aggregator. What is known of tasks is a projection: it may be deleted, and
/// comes back by use.
let aggregatorMigrations: [Migration] = [
    Migration(
        number: 1, name: "last known rows and counts, news",
        statements: [
            // A task is in one view: the row of a decided one takes the place of the pending one.
            """
            CREATE TABLE known_tasks (
                unit_id TEXT NOT NULL,
                task_id TEXT NOT NULL,
                source TEXT NOT NULL,
                is_pending INTEGER NOT NULL CHECK (is_pending IN (0, 1)),
                sort_ms INTEGER NOT NULL,
                body BLOB NOT NULL,
                PRIMARY KEY (unit_id, task_id)
            ) STRICT
            """,
            """
            CREATE INDEX known_tasks_list
            ON known_tasks (unit_id, source, is_pending, sort_ms, task_id)
            """,
            """
            CREATE TABLE known_counts (
                unit_id TEXT NOT NULL,
                source TEXT NOT NULL,
                view INTEGER NOT NULL CHECK (view BETWEEN 0 AND 2),
                body BLOB NOT NULL,
                PRIMARY KEY (unit_id, source, view)
            ) STRICT
            """,
            """
            CREATE TABLE news (
                id TEXT NOT NULL PRIMARY KEY,
                title TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
                body TEXT NOT NULL,
                published_ms INTEGER NOT NULL
            ) STRICT
            """,
            "CREATE INDEX news_list ON news (published_ms, id)",
        ])
]
