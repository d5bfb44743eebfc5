import Domain
import ZhichengClient

// Superiors, committees and experts; and what only days bring about.

extension Simulation {
    /// Moves every declaration on to the node where it is to wait, or to its end.
    /// - Parameter endings: of all declarations, by id.
    func playLaterNodes(_ endings: [String: Ending]) async throws {
        for (number, city) in Region.province.children.enumerated()
        where endings.values.contains(where: \.isRecommended) {
            let superior = try await enterSuperior(city, number)
            try await pass(superior, endings) { task, ending in
                ending == .superior
                    ? .stays
                    : ending == .returnedToUnit
                        ? .decided(.returned, "单位推荐意见需补充") : .decided(.approved, "同意上报")
            }
        }
        for plan in 0...world.scenario.plans {
            let committee = try await enterCommittee(plan)
            // One node after the other.
            for node in ["评委会审核", "专家评审"] {
                try await pass(committee, endings) { task, ending in
                    guard task.node == node else { return .stays }
                    switch (node, ending) {
                    case ("评委会审核", .committee), ("专家评审", .expert): return .stays
                    case ("评委会审核", _): return .decided(.approved, "材料齐全，提交专家评审")
                    case (_, .failed): return .voted(inFavour: 3, .failed, "未达到规定票数")
                    default: return .voted(inFavour: 8, .approved, "达到规定票数")
                    }
                }
            }
        }
    }

    /// After the days that it takes: results are confirmed, and what was not corrected has lapsed.
    func finish(_ stage: Stage) async throws {
        let units = Array(0..<world.scenario.units)
        let found = try await concurrently(units, atMost: max(1, concurrency / 4)) { number in
            var found: [String: Ending] = [:]
            for person in world.persons(of: number) {
                guard let ending = person.declaration?.ending, ending.needsTime else { continue }
                let client = try await users.signIn(person.person.account, Cast.password).client
                guard let row = try await own(client) else { continue }
                found[row.id] = ending
                if ending == .lapsed { try await awaitLapse(client) }
            }
            return found
        }
        let endings = found.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        for plan in 0...world.scenario.plans where endings.values.contains(.passed) {
            try await pass(try await enterCommittee(plan), endings) { task, ending in
                task.node == "评后公示" && ending == .passed
                    ? .decided(.approved, "公示无异议，评审通过") : .stays
            }
        }
    }

    /// declaration-service looks at its clock now and then.
    private func awaitLapse(_ client: PlatformClient) async throws {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(300)
        while clock.now < end {
            if try await own(client)?.state == .lapsed { return }
            try await clock.sleep(for: .milliseconds(200))
        }
        throw SimulationFailure("a declaration whose correction is overdue has not lapsed")
    }

    /// What a later node does with a task.
    private enum Move: Sendable {
        case stays
        case decided(Common.Outcome, String)
        /// Of nine experts.
        case voted(inFavour: UInt32, Common.Outcome, String)
    }

    /// One pass through the tasks that wait for a party.
    private func pass(
        _ party: PlatformClient, _ endings: [String: Ending],
        _ move: @Sendable (Tasks.Task, Ending) -> Move
    ) async throws {
        var moves: [(Tasks.Task, Move)] = []
        for task in try await waiting(for: party) {
            guard let ending = endings[task.objectID] else { continue }
            let next = move(task, ending)
            if case .stays = next { continue }
            moves.append((task, next))
        }
        _ = try await concurrently(moves, atMost: max(1, concurrency / 4)) { task, move in
            switch move {
            case .stays: break
            case .decided(let outcome, let opinion):
                try await party.settle(task.id, task.version, outcome, opinion)
            case .voted(let inFavour, let outcome, let opinion):
                _ = try await party.declaration.saveVotes(
                    Declaration.SaveVotesRequest(
                        id: task.objectID, present: 9, inFavour: inFavour))
                try await party.settle(task.id, task.version, outcome, opinion)
            }
            progress.add(decisions: 1)
        }
    }
}
