import ZhichengClient

/// The manual's day, played through the real sockets: each chapter does what its part of the manual says, shows the
/// screens and checks what came back.
struct Day {
    /// The operator's client: it has the deployment's key.
    let administrator: PlatformClient
    /// The client of people, who have none.
    let users: PlatformClient
    let stage: Stage

    /// A unit's officer.
    struct Office {
        let client: PlatformClient
        let unitID: String
    }

    /// The applicants, each signed in.
    struct People {
        let jiaojiao1, jiaojiao2, yaojiao2, teacher: SignedIn
        /// What 姣姣1 wrote down before the registration was approved.
        let draft: Archive.Item
    }

    /// The plans that are open.
    struct Plans {
        let engineering, teaching: Declaration.Plan
    }

    /// - Throws: `DayFailure` at the first step that does not hold, or what a call throws.
    func play() async throws {
        let yizhong = try await signInThroughProvider()
        let school = try await signInWithBuiltInAccount()
        let plans = try await publishPlans()
        let people = try await registerPeople(yizhong, school)
        try await confirmRecords(yizhong, school)
        try await fileAchievements(yizhong, school, people)
        try await declare(yizhong, school, people, plans)
        try await lookBack(yizhong)
    }
}
