import ZhichengClient

// One unit with its people.

extension Simulation {
    /// A unit's officers, signed in.
    struct Office: Sendable {
        let unit: SimulatedUnit
        let id: String
        let administrator: PlatformClient
        /// Who decides: the reviewer where there is one.
        let client: PlatformClient
    }

    /// Somebody who is signed in, with the registration that they made.
    struct Applicant: Sendable {
        let simulated: SimulatedPerson
        let client: PlatformClient
        let personID: String
        let signedIn: ContinuousClock.Instant
    }

    /// A session ends after a quarter of an hour in which nothing is heard of it.
    private static let longestWait = Duration.seconds(300)

    /// Everything that happens within a unit.
    /// - Returns: how far each of its declarations is to go, by id.
    func play(_ unit: SimulatedUnit, _ stage: Stage) async throws -> [String: Ending] {
        let office = try await open(unit)
        let persons = world.persons(of: unit.number)
        let declared =
            if stage.isResumed, try await isFiled(persons, office) {
                try await concurrently(
                    persons.filter { $0.declaration != nil }, atMost: Self.filersPerUnit
                ) { person in
                    try await declare(enterAgain(person), office, stage)
                }
            } else {
                try await fileAll(persons, office, stage)
            }
        progress.add(units: 1)
        return Dictionary(declared.compactMap(\.self)) { first, _ in first }
    }

    /// Registrations, items and declarations of a unit's people.
    /// - Returns: the declarations' ids, and how far they are to go.
    private func fileAll(
        _ persons: [SimulatedPerson], _ office: Office, _ stage: Stage
    ) async throws -> [(String, Ending)?] {
        if office.unit.isPublicInstitution { try await confirmRecord(of: office, persons, stage) }
        let applicants = try await concurrently(persons, atMost: Self.callsPerUnit) { person in
            try await register(person, with: office)
        }
        try await decideRegistrations(of: office, applicants)
        let approved = applicants.filter { $0.simulated.registration == .approved }
        let declared = try await concurrently(
            approved.filter { !$0.simulated.onlyWaits }, atMost: Self.filersPerUnit
        ) { applicant in
            let applicant = try await awake(applicant)
            try await file(applicant, office)
            return try await declare(applicant, office, stage)
        }
        // Last, for the officers have nothing to do with them.
        _ = try await concurrently(
            approved.filter(\.simulated.onlyWaits), atMost: Self.filersPerUnit
        ) { applicant in
            try await file(awake(applicant), office)
        }
        return declared
    }

    /// Whether a run before has brought the registrations and items of a unit's people to where they are to be.
    private func isFiled(_ persons: [SimulatedPerson], _ office: Office) async throws -> Bool {
        let reply = try await complete(\.unavailable) { () async throws in
            try await office.client.tasks.count(Tasks.CountTasksRequest())
        }
        let found = reply.counts.reduce(into: [:]) { found, count in
            found[count.kind] = SimulatedTasks(
                waiting: Int(count.pending), decided: Int(count.processed))
        }
        return world.tasks(of: persons).allSatisfy { kind, tasks in
            found[kind, default: SimulatedTasks()] == tasks
        }
    }

    private func open(_ unit: SimulatedUnit) async throws -> Office {
        let first = try await enter(unit.account) {
            try await administrator.identity.createBuiltInUnit(
                Identity.CreateBuiltInUnitRequest(
                    account: unit.account, name: unit.name, uscc: unit.uscc,
                    legalRepresentativeName: unit.officer.name, details: unit.details)
            ).initialPassword
        }
        _ = try await first.client.identity.recordOfficer(
            Identity.RecordOfficerRequest(
                name: unit.officer.name, idNumber: unit.officer.idNumber))
        let id =
            try await first.client.identity.getSession(
                Identity.GetSessionRequest()
            ).unit?.id ?? ""
        guard let reviewer = unit.reviewer else {
            return Office(
                unit: unit, id: id, administrator: first.client, client: first.client)
        }
        let second = try await enter(
            Identity.CreateAccountRequest(
                account: unit.reviewerAccount, role: .unitReviewer, name: reviewer.name,
                idNumber: reviewer.idNumber, unitID: id))
        return Office(
            unit: unit, id: id, administrator: first.client, client: second.client)
    }

    // MARK: 岗位核准

    /// Enough for everybody who is to occupy a post: who gets the last one would be left to the order of calls.
    private func confirmRecord(
        of office: Office, _ persons: [SimulatedPerson], _ stage: Stage
    ) async throws {
        let year = stage.plans[0].year
        for try await record in office.administrator.quota.allRecords() where record.year == year {
            guard record.state == .draft else { return }
            // A run was stopped here.
            _ = try await office.administrator.quota.deleteRecord(
                Quota.DeleteRecordRequest(id: record.id, expectedVersion: record.version))
        }
        var needed: [String: Int64] = [:]
        for person in persons {
            guard let declaration = person.declaration, occupiesPost(person) else { continue }
            needed[application(person, plan: declaration.plan).level, default: 0] += 1
        }
        var chance = Chance(seed: world.seed, "\(office.unit.account)/vacancies")
        func vacancies(_ level: String) -> Int64? {
            let spare = Int64(chance.number(0...3))
            return chance.happens(0.2) ? nil : (needed[level] ?? 0) + spare
        }
        _ = try await office.administrator.confirmRecord(
            year: year,
            Quota.Vacancies.levels(
                0, vacancies("副高级"), vacancies("中级"), vacancies("助理级")))
    }

    /// Whether the recommended person takes a vacancy.
    func occupiesPost(_ person: SimulatedPerson) -> Bool {
        var chance = Chance(seed: world.seed, "\(person.person.account)/post")
        return chance.happens(0.6)
    }

    // MARK: 人员注册

    private func register(
        _ person: SimulatedPerson, with office: Office
    ) async throws -> Applicant {
        let signedIn = try await enter(
            Identity.CreateAccountRequest(
                account: person.person.account, role: .applicant, name: person.person.name,
                idNumber: person.person.idNumber, phone: person.person.phone))
        _ = try await signedIn.client.identity.registerPerson(
            person.person.registration(unit: office.id),
            options: step("\(person.person.account)/register"))
        progress.add(tasks: 1)
        return Applicant(
            simulated: person, client: signedIn.client, personID: signedIn.personID,
            signedIn: .now)
    }

    /// Somebody whose registration a run before has made.
    private func enterAgain(_ person: SimulatedPerson) async throws -> Applicant {
        let signedIn = try await again(person.person.account)
        return Applicant(
            simulated: person, client: signedIn.client, personID: signedIn.personID,
            signedIn: .now)
    }

    /// Signs in again when the session may have ended.
    private func awake(_ applicant: Applicant) async throws -> Applicant {
        guard applicant.signedIn.duration(to: .now) > Self.longestWait else { return applicant }
        let again = try await users.signIn(
            applicant.simulated.person.account, Cast.password)
        return Applicant(
            simulated: applicant.simulated, client: again.client, personID: again.personID,
            signedIn: .now)
    }

    private func decideRegistrations(
        of office: Office, _ applicants: [Applicant]
    ) async throws {
        let fates = Dictionary(
            uniqueKeysWithValues: applicants.map { ($0.personID, $0.simulated.registration) })
        let waiting = try await waiting(
            for: office.client, Tasks.TaskFilter(kinds: ["registration"]))
        for (fate, outcome, opinion) in [
            (SimulatedPerson.Registration.approved, Common.Outcome.approved, "本单位在职人员，情况属实"),
            (.returned, .returned, "请补充在职证明后重新提交"),
        ] {
            let tasks = waiting.filter { fates[$0.applicantID] == fate }.map {
                Tasks.BatchTask(taskID: $0.id, expectedVersion: $0.version)
            }
            try await decide(tasks, outcome, opinion, by: office)
        }
    }

    /// Decides any number of tasks with one opinion.
    /// - Returns: the rows' versions afterwards, in the order of the tasks.
    @discardableResult
    func decide(
        _ tasks: [Tasks.BatchTask], _ outcome: Common.Outcome, _ opinion: String, by office: Office
    ) async throws -> [Int64] {
        var versions: [Int64] = []
        for start in stride(from: 0, to: tasks.count, by: 200) {
            let part = Array(tasks[start..<min(start + 200, tasks.count)])
            let reply = try await office.client.tasks.decideBatch(
                Tasks.DecideBatchRequest(tasks: part, outcome: outcome, opinion: opinion),
                options: step("decide/" + part.map(\.taskID).joined(separator: ",")))
            for row in reply.rows where row.state != .done && row.state != .skipped {
                throw SimulationFailure("\(row.taskID): \(row.message)")
            }
            versions += reply.rows.map(\.version)
        }
        return versions
    }
}
