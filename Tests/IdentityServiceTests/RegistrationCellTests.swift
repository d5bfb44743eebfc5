import Messages
import RPC
import ServiceStubs
import Testing

@testable import IdentityService

/// The machine "personnel_registration" through the service: every (state, event, role).
@Suite struct RegistrationCellTests {
    enum Role: CaseIterable, Sendable {
        case applicant, anotherApplicant, administrator, foreignAdministrator, department
    }

    /// The calls by which people make events happen; registering is resubmitting, too.
    enum Action: CaseIterable, Sendable {
        case register, transfer, cancel, disable, approve, `return`

        /// What the call is in the table, in that state.
        func event(_ phase: RegistrationPhase) -> RegistrationPhase.Event? {
            switch self {
            case .register: phase.registeringAgain
            case .transfer: .transfer
            case .cancel: .cancel
            case .disable: .disable
            case .approve: .approve
            case .return: .return
            }
        }

        var role: Role {
            switch self {
            case .register, .transfer, .cancel: .applicant
            case .disable, .approve, .return: .administrator
            }
        }
    }

    private struct Stage {
        let harness: Harness
        let school: (session: [UInt8], id: String)
        let company: (session: [UInt8], id: String)
        let department: [UInt8]
        let other: Harness.Applicant
        var person: Harness.Applicant
        var people = 1
    }

    @Test(arguments: RegistrationPhase.allCases)
    func everyState(_ phase: RegistrationPhase) async throws {
        let harness = try Harness()
        let first = try await harness.applicant(1)
        var stage = Stage(
            harness: harness, school: try await harness.activeUnit(),
            company: try await harness.activeUnit(.company),
            department: try await harness.account(
                .init(account: "hr-fuzhou", role: .hrDepartment, name: "人社", region: "350100")
            ).session, other: first, person: first)
        var registration = try await prepare(&stage, phase)
        for role in Role.allCases {
            for action in Action.allCases {
                // A person without any registration may always register: not this one's cell.
                if role == .anotherApplicant, action == .register { continue }
                // After 撤销 a person registers anew: another registration, and this one stays.
                if phase == .cancelled, action == .register { continue }
                let expected =
                    role == action.role ? action.event(phase).flatMap(phase.after) : nil
                let code = await attempt(action, registration, role, stage)
                let cell = "\(phase) \(action) \(role): \(String(describing: code))"
                let now = try await harness.identity(stage.person.session).getRegistration(
                    .init(id: registration.id))
                guard let expected else {
                    #expect(code.map(Self.refusals.contains) == true, "\(cell)")
                    #expect(now == registration, "\(cell) left an effect")
                    continue
                }
                #expect(code == nil && now.state == expected.message, "\(cell)")
                registration = try await prepare(&stage, phase)
            }
        }
    }

    private static let refusals: Set<RPCCode> = [
        .failedPrecondition, .permissionDenied, .notFound, .aborted,
    ]

    /// A new person's registration in that state.
    private func prepare(
        _ stage: inout Stage, _ phase: RegistrationPhase
    ) async throws -> Identity.Registration {
        stage.people += 1
        stage.person = try await stage.harness.applicant(stage.people)
        let (harness, person) = (stage.harness, stage.person)
        let made = try await harness.register(person, with: stage.school.id)
        let own = harness.identity(person.session)
        switch phase {
        case .reviewing: break
        case .approved, .disabled:
            _ = try await harness.decide(made, .approved, by: stage.school.session)
        case .returned: _ = try await harness.decide(made, .returned, by: stage.school.session)
        case .cancelled:
            _ = try await own.cancelRegistration(.init(id: made.id, expectedVersion: made.version))
        }
        let now = try await own.getRegistration(.init(id: made.id))
        guard phase == .disabled else { return now }
        _ = try await harness.identity(stage.school.session).disablePerson(
            .init(id: now.id, expectedVersion: now.version, reason: "离职"))
        return try await own.getRegistration(.init(id: made.id))
    }

    /// What the call is refused with; nil when it is not.
    private func attempt(
        _ action: Action, _ registration: Identity.Registration, _ role: Role, _ stage: Stage
    ) async -> RPCCode? {
        let session =
            switch role {
            case .applicant: stage.person.session
            case .anotherApplicant: stage.other.session
            case .administrator: stage.school.session
            case .foreignAdministrator: stage.company.session
            case .department: stage.department
            }
        let client = stage.harness.identity(session)
        let round = registration.flow.count { $0.action == "提交" }
        do {
            switch action {
            case .register:
                _ = try await client.registerPerson(stage.person.form(stage.school.id))
            case .transfer:
                _ = try await client.transferPerson(
                    .init(
                        unitID: stage.company.id, expectedVersion: registration.version))
            case .cancel:
                _ = try await client.cancelRegistration(
                    .init(id: registration.id, expectedVersion: registration.version))
            case .disable:
                _ = try await client.disablePerson(
                    .init(
                        id: registration.id, expectedVersion: registration.version, reason: "离职"))
            case .approve:
                _ = try await stage.harness.decide(
                    registration, .approved, round: round, by: session)
            case .return:
                _ = try await stage.harness.decide(
                    registration, .returned, round: round, by: session)
            }
            return nil
        } catch {
            return (error as? RPCError)?.code ?? .unknown
        }
    }
}
