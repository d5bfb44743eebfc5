import Testing

@testable import DeclarationService

/// The state machine against a second writing of it: state, event, actor, next state.
struct StateMachineTests {
    /// As `domain/state_machines.json` has them; "-" = deleted.
    private static let rows = """
        draft submit applicant unit_pool
        unit_pool claim unit_reviewer unit_review
        unit_review release unit_reviewer unit_pool
        unit_review release unit_admin unit_pool
        unit_review open_publicity unit_reviewer unit_publicity
        unit_publicity close_publicity system unit_review
        unit_publicity close_publicity unit_reviewer unit_review
        unit_review approve unit_reviewer superior_review
        unit_review return unit_reviewer returned_to_applicant
        unit_review terminate unit_reviewer terminated
        returned_to_applicant resubmit applicant unit_pool
        returned_to_applicant deadline system lapsed
        superior_review approve superior committee_check
        superior_review return_unit superior returned_to_unit
        superior_review return_applicant superior returned_to_applicant
        superior_review terminate superior terminated
        returned_to_unit reapprove unit_reviewer superior_review
        returned_to_unit return unit_reviewer returned_to_applicant
        committee_check accept committee expert_review
        committee_check return_applicant committee returned_to_applicant
        expert_review vote_pass committee result_publicity
        expert_review vote_fail committee failed
        result_publicity confirm committee passed
        draft withdraw applicant withdrawn
        unit_pool withdraw applicant withdrawn
        unit_review withdraw applicant withdrawn
        unit_publicity withdraw applicant withdrawn
        returned_to_unit withdraw applicant withdrawn
        returned_to_applicant withdraw applicant withdrawn
        superior_review withdraw applicant withdrawn
        committee_check withdraw applicant withdrawn
        committee_check terminate committee terminated
        expert_review return_applicant committee returned_to_applicant
        expert_review terminate committee terminated
        result_publicity return_applicant committee returned_to_applicant
        result_publicity terminate committee terminated
        returned_to_unit terminate unit_reviewer terminated
        result_publicity objection_upheld committee failed
        draft edit applicant draft
        draft delete applicant -
        """

    private static let table: [[String]: String] = Dictionary(
        uniqueKeysWithValues: rows.split(separator: "\n").map { line in
            let words = line.split(separator: " ").map(String.init)
            return (Array(words[..<3]), words[3])
        })

    /// "unitPool" → "unit_pool".
    private static func name(_ phase: DeclarationPhase) -> String {
        "\(phase)".reduce(into: "") { name, letter in
            name += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
        }
    }

    @Test(arguments: DeclarationPhase.allCases)
    func everyCell(_ phase: DeclarationPhase) {
        for event in DeclarationEvent.allCases {
            let actors = DeclarationActor.allCases.filter {
                Self.table[[Self.name(phase), event.rawValue, $0.rawValue]] != nil
            }
            for actor in DeclarationActor.allCases {
                let expected = Self.table[[Self.name(phase), event.rawValue, actor.rawValue]]
                switch DeclarationMachine.verdict(phase, event, by: [actor]) {
                case .allowed(.phase(let next)): #expect(Self.name(next) == expected)
                case .allowed(.deleted): #expect(expected == "-")
                case .otherActor: #expect(expected == nil && !actors.isEmpty)
                case .impossible: #expect(actors.isEmpty)
                }
            }
        }
    }

    @Test func theTableIsWhole() {
        #expect(Self.table.count == 40)
        for phase in DeclarationPhase.allCases {
            let leaves = Self.table.keys.contains { $0[0] == Self.name(phase) }
            #expect(leaves == !phase.isFinal, "\(phase)")
        }
    }

    @Test func vacanciesAreHeldFromTheUnitsApprovalOn() {
        let holding = DeclarationPhase.allCases.filter(\.mayHoldVacancy)
        #expect(
            holding == [
                .superiorReview, .committeeCheck, .expertReview, .resultPublicity, .passed,
                .returnedToUnit,
            ])
    }
}
