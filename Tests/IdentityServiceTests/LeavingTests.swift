import Domain
import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Storage
import Synchronization
import TestSupport
import Testing

@testable import IdentityService

@Suite struct LeavingTests {
    /// Two units, and a person whom the school has approved.
    private struct Scene {
        let harness: Harness
        let school: (session: [UInt8], id: String)
        let company: (session: [UInt8], id: String)
        let person: Harness.Applicant
        let approved: Identity.Registration

        init() async throws {
            harness = try Harness()
            school = try await harness.activeUnit()
            company = try await harness.activeUnit(.company)
            person = try await harness.applicant(1)
            approved = try await harness.approved(person, by: school)
            harness.clock.advance(by: .seconds(60))
        }

        var applicant: Identity.IdentityClient { harness.identity(person.session) }
        var administrator: Identity.IdentityClient { harness.identity(school.session) }

        func transfer() async throws -> Identity.Registration {
            try await applicant.transferPerson(
                .init(unitID: company.id, expectedVersion: approved.version))
        }
    }

    @Test func aTransferredPersonIsReviewedByTheNewUnit() async throws {
        let scene = try await Scene()
        let moved = try await scene.transfer()
        #expect(moved.id == scene.approved.id && moved.state == .reviewing)
        #expect(moved.unitID == scene.company.id && moved.version == scene.approved.version + 1)
        #expect(moved.flow.map(\.action) == ["提交", "通过", "调动"])
        #expect(moved.idNumberMasked.contains("*") && moved.phoneMasked.contains("*"))
        let described = try await scene.harness.service.describePerson(
            .init(personID: scene.person.account.personID))
        #expect(described.registration == .reviewing && described.unitID == scene.company.id)
        _ = try await scene.harness.decide(moved, .approved, round: 2, by: scene.company.session)
        let own = try await scene.applicant.getRegistration(.init())
        #expect(own.state == .approved && own.id == moved.id)
    }

    @Test func theOldUnitKeepsWhatItHadReadOnly() async throws {
        let scene = try await Scene()
        let moved = try await scene.transfer()
        _ = try await scene.harness.decide(moved, .returned, round: 2, by: scene.company.session)
        #expect(try await scene.administrator.listRegistrations(.init()).registrations.isEmpty)
        let former = try await scene.administrator.listRegistrations(.init(former: true))
        #expect(former.total == 1 && former.registrations.map(\.id) == [moved.id])
        #expect(former.registrations[0].stateLabel == "已调出")
        #expect(former.registrations[0].leftMs > 0)
        let kept = try await scene.administrator.getRegistration(.init(id: moved.id))
        #expect(kept.unitID == scene.school.id && kept.version == scene.approved.version)
        #expect(kept.flow.map(\.action) == ["提交", "通过"], "nothing of the new unit")
        #expect(kept.idNumberMasked == "3501**********" + scene.person.number.suffix(4))
        let decision = try await refusal {
            try await scene.harness.decide(moved, .approved, round: 2, by: scene.school.session)
        }
        #expect(decision.code == .notFound)
        let disabling = try await refusal {
            try await scene.administrator.disablePerson(
                .init(id: moved.id, expectedVersion: kept.version, reason: "离职"))
        }
        #expect(disabling.code == .notFound)
        // The new unit has no history of its own.
        let company = scene.harness.identity(scene.company.session)
        #expect(try await company.listRegistrations(.init(former: true)).registrations.isEmpty)
    }

    @Test func nobodyLeavesWithADeclarationInFlight() async throws {
        let scene = try await Scene()
        let key = try await scene.harness.service.describePerson(
            .init(personID: scene.person.account.personID)
        ).personKey
        scene.harness.declarations.keys.withLock { $0 = [key] }
        let transfer = try await refusal { try await scene.transfer() }
        let disabling = try await refusal {
            try await scene.administrator.disablePerson(
                .init(
                    id: scene.approved.id, expectedVersion: scene.approved.version, reason: "离职"))
        }
        for error in [transfer, disabling] {
            #expect(error.code == .failedPrecondition && error.message.contains("在途"))
        }
        #expect(try await scene.applicant.getRegistration(.init()).state == .approved)
        scene.harness.declarations.keys.withLock { $0 = [] }
        _ = try await scene.transfer()
    }

    @Test func whoLeftRegistersAgainElsewhere() async throws {
        let scene = try await Scene()
        let disabled = try await scene.administrator.disablePerson(
            .init(id: scene.approved.id, expectedVersion: scene.approved.version, reason: "离职"))
        #expect(disabled.state == .disabled && disabled.flow.last?.opinion == "离职")
        let again = try await scene.harness.register(scene.person, with: scene.company.id)
        #expect(again.state == .reviewing && again.unitID == scene.company.id)
        let kept = try await scene.administrator.getRegistration(.init(id: again.id))
        #expect(kept.state == .disabled && kept.flow.last?.action == "停用")
    }

    @Test func aCancelledRegistrationClosesItsTask() async throws {
        let harness = try Harness()
        let school = try await harness.activeUnit()
        let person = try await harness.applicant(1)
        let registration = try await harness.register(person, with: school.id)
        let client = harness.identity(person.session)
        let cancelled = try await client.cancelRegistration(
            .init(id: registration.id, expectedVersion: registration.version))
        #expect(cancelled.state == .cancelled && cancelled.flow.last?.action == "撤销")
        #expect(try await harness.tasks(school.session).list(.init()).tasks.isEmpty)
        #expect(try await harness.tasks(school.session).count(.init()).pending == 0)
        #expect(try await refusal { try await client.getRegistration(.init()) }.code == .notFound)
        // A new one, with a task of its own.
        let second = try await harness.register(person, with: school.id)
        #expect(second.id != registration.id)
        #expect(try await harness.tasks(school.session).count(.init()).pending == 1)
    }

    @Test func versionsAndUnitsAreChecked() async throws {
        let scene = try await Scene()
        let stale = try await refusal {
            try await scene.applicant.transferPerson(
                .init(unitID: scene.company.id, expectedVersion: 1))
        }
        #expect(stale.code == .aborted)
        for unit in ["", "0", scene.school.id] {
            let error = try await refusal {
                try await scene.applicant.transferPerson(
                    .init(unitID: unit, expectedVersion: scene.approved.version))
            }
            #expect(error.fields == ["unit_id"])
        }
        for reason in ["", String(repeating: "长", count: 501)] {
            let error = try await refusal {
                try await scene.administrator.disablePerson(
                    .init(
                        id: scene.approved.id, expectedVersion: scene.approved.version,
                        reason: reason))
            }
            #expect(error.fields == ["reason"])
        }
    }

    @Test func foreignRegistrationsAnswerAsUnknownOnes() async throws {
        let scene = try await Scene()
        let company = scene.harness.identity(scene.company.session)
        let stranger = scene.harness.identity(try await scene.harness.applicant(2).session)
        for id in [scene.approved.id, "00000000000000000000000000000000"] {
            let disabling = try await refusal {
                try await company.disablePerson(
                    .init(id: id, expectedVersion: scene.approved.version, reason: "离职"))
            }
            let cancelling = try await refusal {
                try await stranger.cancelRegistration(.init(id: id, expectedVersion: 1))
            }
            #expect(disabling.code == .notFound && cancelling.code == .notFound)
            #expect(disabling.message == "人员注册不存在")
            #expect(cancelling.message == disabling.message)
        }
    }

    @Test func aRepeatGetsTheSameAnswer() async throws {
        let scene = try await Scene()
        var options = CallOptions()
        options.idempotencyKey = .random()
        let request = Identity.TransferPersonRequest(
            unitID: scene.company.id, expectedVersion: scene.approved.version)
        let first = try await scene.applicant.transferPerson(request, options: options)
        let second = try await scene.applicant.transferPerson(request, options: options)
        #expect(first == second)
        #expect(try scene.harness.number("SELECT count(*) FROM registration_history") == 1)
    }

    @Test func withoutDeclarationServiceNobodyLeaves() async throws {
        let harness = try Harness(knowsDeclarations: false)
        let school = try await harness.activeUnit()
        let company = try await harness.activeUnit(.company)
        let person = try await harness.applicant(1)
        let approved = try await harness.approved(person, by: school)
        let error = try await refusal {
            try await harness.identity(person.session).transferPerson(
                .init(unitID: company.id, expectedVersion: approved.version))
        }
        #expect(error.code == .failedPrecondition)
    }
}

/// Machine "personnel_registration": every (state, event, role) cell through the RPCs.
@Suite struct RegistrationCellTests {
    private enum Event: String, CaseIterable {
        case register, approve, `return`, transfer, disable, cancel
    }

    private enum Role: String, CaseIterable {
        case applicant, otherApplicant, administrator, reviewer, foreignAdministrator
        case department, superior, committee
    }

    /// Where a registration stands; `none` before the first.
    private enum Start: String, CaseIterable {
        case none, reviewing, approved, returned, disabled, cancelled
    }

    /// What the cells that are open lead to. Registering once more is `resubmit` and `register_again` of the machine.
    private static let open: [(Start, Event, Set<Role>, Identity.RegistrationState)] = [
        (.none, .register, [.applicant], .reviewing),
        (.reviewing, .approve, [.administrator, .reviewer], .approved),
        (.reviewing, .return, [.administrator, .reviewer], .returned),
        (.reviewing, .cancel, [.applicant], .cancelled),
        (.returned, .register, [.applicant], .reviewing),
        (.approved, .transfer, [.applicant], .reviewing),
        (.approved, .disable, [.administrator], .disabled),
        (.disabled, .register, [.applicant], .reviewing),
        (.cancelled, .register, [.applicant], .reviewing),
    ]

    /// Everybody who might try.
    private final class Cast {
        let harness: Harness
        let school: (session: [UInt8], id: String)
        let company: (session: [UInt8], id: String)
        let sessions: [Role: [UInt8]]
        var people = 1

        init() async throws {
            harness = try Harness()
            school = try await harness.activeUnit()
            company = try await harness.activeUnit(.company)
            var sessions: [Role: [UInt8]] = [
                .administrator: school.session, .foreignAdministrator: company.session,
            ]
            let accounts: [(Role, Identity.CreateAccountRequest)] = [
                (
                    .reviewer,
                    .init(
                        account: "reviewer-1", role: .unitReviewer, name: "林审核",
                        idNumber: inventedNumber(birth: "19800412", sequence: 1),
                        unitID: school.id)
                ),
                (
                    .department,
                    .init(account: "hr-fuzhou", role: .hrDepartment, name: "人社", region: "350100")
                ),
                (
                    .superior,
                    .init(account: "superior-1", role: .superior, name: "主管", region: "350100")
                ),
                (
                    .committee,
                    .init(account: "committee-1", role: .committee, name: "评委会", committeeID: "c1")
                ),
            ]
            for (role, request) in accounts {
                sessions[role] = try await harness.account(request).session
            }
            sessions[.otherApplicant] = try await harness.applicant(400).session
            self.sessions = sessions
        }

        /// A new person in that state.
        func person(
            _ start: Start
        ) async throws -> (Harness.Applicant, Identity.Registration?) {
            people += 1
            let person = try await harness.applicant(people)
            guard start != .none else { return (person, nil) }
            var registration = try await harness.register(person, with: school.id)
            let own = harness.identity(person.session)
            let administrator = harness.identity(school.session)
            switch start {
            case .none, .reviewing: break
            case .returned:
                _ = try await harness.decide(registration, .returned, by: school.session)
            case .approved, .disabled:
                _ = try await harness.decide(registration, .approved, by: school.session)
                if start == .disabled {
                    _ = try await administrator.disablePerson(
                        .init(id: registration.id, expectedVersion: 2, reason: "离职"))
                }
            case .cancelled:
                _ = try await own.cancelRegistration(
                    .init(id: registration.id, expectedVersion: 1))
            }
            registration = try await own.getRegistration(.init(id: registration.id))
            return (person, registration)
        }

        /// Tries the event in that role; nil when it was done.
        func attempt(
            _ event: Event, _ role: Role, _ person: Harness.Applicant,
            _ registration: Identity.Registration?
        ) async throws -> RPCCode? {
            let session = role == .applicant ? person.session : sessions[role] ?? []
            let client = harness.identity(session)
            let (id, version) = (registration?.id ?? "0", registration?.version ?? 1)
            do {
                switch event {
                case .register: _ = try await client.registerPerson(person.form(school.id))
                case .approve, .return:
                    var known = registration ?? Identity.Registration()
                    known.id = id
                    _ = try await harness.decide(
                        known, event == .approve ? .approved : .returned, by: session)
                case .transfer:
                    _ = try await client.transferPerson(
                        .init(unitID: company.id, expectedVersion: version))
                case .disable:
                    _ = try await client.disablePerson(
                        .init(id: id, expectedVersion: version, reason: "离职"))
                case .cancel:
                    _ = try await client.cancelRegistration(
                        .init(id: id, expectedVersion: version))
                }
                return nil
            } catch let error as RPCError {
                return error.code
            }
        }
    }

    @Test(arguments: Start.allCases)
    private func everyCell(_ start: Start) async throws {
        let cast = try await Cast()
        var (person, before) = try await cast.person(start)
        for event in Event.allCases {
            for role in Role.allCases {
                let cell = "\(start.rawValue) \(event.rawValue) \(role.rawValue)"
                let wanted = Self.open.first {
                    $0.0 == start && $0.1 == event && $0.2.contains(role)
                }?.3
                let code = try await cast.attempt(event, role, person, before)
                let now = try cast.harness.number(
                    """
                    SELECT coalesce((SELECT state FROM registrations WHERE person_id = ?
                        ORDER BY registered_ms DESC LIMIT 1), 0)
                    """, [.text(person.account.personID)])
                if let wanted {
                    #expect(code == nil, "\(cell) is open")
                    let live = try await cast.harness.identity(person.session).getRegistration(
                        .init(id: wanted == .cancelled ? before?.id ?? "" : ""))
                    #expect(live.state == wanted, "\(cell)")
                    (person, before) = try await cast.person(start)
                } else {
                    #expect(code != nil, "\(cell) is closed")
                    #expect(
                        code.map {
                            [
                                .permissionDenied, .notFound, .failedPrecondition, .aborted,
                                .invalidArgument,
                            ]
                            .contains($0)
                        } == true, "\(cell): \(String(describing: code))")
                    #expect(now == Int64(before?.state.rawValue ?? 0), "\(cell) changes nothing")
                }
            }
        }
    }
}
