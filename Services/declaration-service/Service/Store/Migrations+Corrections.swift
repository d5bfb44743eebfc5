import Storage

/// What a decision about oneself is known by; what is corrected and not submitted yet.
let correctionsMigration = Migration(
    number: 8, name: "entrusted persons' keys, corrections",
    statements: [
        "ALTER TABLE entrusted_persons ADD COLUMN person_key BLOB NOT NULL DEFAULT x''",
        // A `SaveDraftRequest`: only the applicant sees it until it is submitted.
        """
        ALTER TABLE declarations ADD COLUMN correction BLOB
        CHECK (correction IS NULL OR phase = 11)
        """,
    ])
