import Testing

@testable import IdentityService

/// Both machines, cell by cell: a cell that is not in the table must be closed.
@Suite struct StateMachineTests {
    private static let unitTransitions: [(UnitState, UnitState.Event, UnitState)] = [
        (.ssoAuthenticated, .firstLogin, .incomplete),
        (.incomplete, .submit, .active),
        (.active, .editProfile, .active),
        (.active, .changeAgent, .active),
        (.active, .suspend, .suspended),
        (.suspended, .resume, .active),
        (.active, .merge, .merged),
        (.suspended, .merge, .merged),
    ]

    @Test(arguments: UnitState.allCases, UnitState.Event.allCases)
    func unit(_ state: UnitState, _ event: UnitState.Event) {
        let wanted = Self.unitTransitions.first { $0.0 == state && $0.1 == event }?.2
        #expect(state.after(event) == wanted)
    }

    @Test func aBuiltInUnitIsActiveAtOnce() {
        #expect(UnitState.builtIn == .active)
    }

    @Test func mergedUnitsStayMerged() {
        #expect(UnitState.Event.allCases.allSatisfy { UnitState.merged.after($0) == nil })
    }

    private static let registrationTransitions:
        [(RegistrationPhase, RegistrationPhase.Event, RegistrationPhase)] = [
            (.reviewing, .approve, .approved),
            (.reviewing, .return, .returned),
            (.reviewing, .cancel, .cancelled),
            (.returned, .resubmit, .reviewing),
            (.approved, .transfer, .reviewing),
            (.approved, .disable, .disabled),
            (.disabled, .registerAgain, .reviewing),
        ]

    @Test(arguments: RegistrationPhase.allCases, RegistrationPhase.Event.allCases)
    func registration(_ phase: RegistrationPhase, _ event: RegistrationPhase.Event) {
        let wanted = Self.registrationTransitions.first { $0.0 == phase && $0.1 == event }?.2
        #expect(phase.after(event) == wanted)
    }

    @Test(arguments: [
        (RegistrationPhase.reviewing, "审核中"), (.approved, "审核通过"), (.returned, "退回"),
        (.disabled, "已离职/停用"), (.cancelled, "已撤销"),
    ])
    func labels(_ phase: RegistrationPhase, _ label: String) {
        #expect(phase.label == label)
    }

    @Test func registeringAgainIsOpenAfterAReturnAndAfterLeaving() {
        let open = RegistrationPhase.allCases.filter { $0.registeringAgain != nil }
        #expect(open == [.returned, .disabled])
        #expect(
            open.allSatisfy { phase in phase.registeringAgain.flatMap(phase.after) == .reviewing })
    }
}
