import Messages
import RPC
import ServiceRuntime
import ServiceStubs
import Testing

/// Every kind of rule against every kind of caller.
@Suite("Access control")
struct AccessControlTests {
    private static let officerToken = [UInt8](repeating: 1, count: 32)
    private static let applicantToken = [UInt8](repeating: 2, count: 32)
    private static let newOfficerToken = [UInt8](repeating: 3, count: 32)
    private static let method = Quota.QuotaMethod.listRecords.method

    private func admit(
        _ rule: AccessRule?, session: [UInt8]?, service: String?
    ) async -> Result<Caller, RPCError> {
        let rules: [UInt32: AccessRule] = rule.map { [Self.method.id: $0] } ?? [:]
        let control = AccessControl(rules: rules) { token, _ throws(RPCError) in
            switch token {
            case Self.officerToken:
                return Identity.Session(
                    personID: "officer", role: .unitAdministrator,
                    unit: Identity.UnitSummary(id: "unit"))
            case Self.applicantToken:
                return Identity.Session(personID: "applicant", role: .applicant)
            case Self.newOfficerToken:
                return Identity.Session(
                    personID: "new", role: .unitAdministrator,
                    unit: Identity.UnitSummary(id: "unit"), mustSubmitUnit: true)
            default:
                throw RPCError(code: .unauthenticated, message: "登录已过期，请重新登录")
            }
        }
        var metadata = Metadata()
        if let session { metadata.set(Metadata.sessionKey, session) }
        var context = RequestContext(
            method: Self.method,
            peer: Peer(name: "\(service ?? "portal")/1@1", isAuthenticated: service != nil),
            metadata: metadata, deadline: .now + .seconds(1))
        do throws(RPCError) {
            try await control.admit(&context)
            return .success(context.caller)
        } catch {
            return .failure(error)
        }
    }

    private func code(
        _ rule: AccessRule?, session: [UInt8]? = nil, service: String? = nil
    ) async -> RPCCode {
        switch await admit(rule, session: session, service: service) {
        case .success: .ok
        case .failure(let error): error.code
        }
    }

    @Test("A method without a rule is closed to everybody")
    func noRule() async {
        #expect(await code(nil) == .permissionDenied)
        #expect(await code(nil, service: "zhicheng") == .permissionDenied)
        #expect(await code(nil, session: Self.officerToken) == .permissionDenied)
    }

    @Test("Rules of services ask for the key, not for a name")
    func services() async {
        let rule = AccessRule.services(["declaration-service"])
        #expect(await code(rule, service: "declaration-service") == .ok)
        #expect(await code(rule, service: "quota-service") == .permissionDenied)
        #expect(await code(rule) == .permissionDenied)
        #expect(await code(rule, session: Self.officerToken) == .permissionDenied)
    }

    @Test("Rules of users ask for the session, whoever hands it on")
    func users() async {
        let rule = AccessRule.users(.officers)
        #expect(await code(rule, session: Self.officerToken) == .ok)
        #expect(
            await code(rule, session: Self.officerToken, service: "task-aggregator") == .ok)
        #expect(await code(rule, session: Self.applicantToken) == .permissionDenied)
        #expect(
            await code(rule, session: Self.applicantToken, service: "task-aggregator")
                == .permissionDenied)
        #expect(await code(rule, session: [9]) == .unauthenticated)
        #expect(await code(rule, service: "task-aggregator") == .unauthenticated)
    }

    @Test("Who has not finished the first login may only finish it")
    func unfinished() async {
        #expect(
            await code(.users(.officers), session: Self.newOfficerToken) == .failedPrecondition)
        #expect(
            await code(.users(.officers, unfinished: true), session: Self.newOfficerToken) == .ok)
    }

    @Test("A user or a service, and neither in the other's place")
    func usersOrServices() async {
        let rule = AccessRule.usersOrServices([.hrDepartment], ["zhicheng"])
        #expect(await code(rule, service: "zhicheng") == .ok)
        #expect(await code(rule) == .unauthenticated)
        #expect(
            await code(rule, session: Self.officerToken, service: "zhicheng")
                == .permissionDenied)
    }

    @Test("The caller is the scope of idempotency keys")
    func principal() async throws {
        let user = try await admit(
            .users(.officers), session: Self.officerToken, service: "task-aggregator"
        ).get()
        #expect(user.principal == "person:officer")
        #expect(try user.officer().unit.id == "unit")
        #expect(throws: RPCError.self) { try user.applicant() }
        let service = try await admit(
            .services(["quota-service"]), session: nil, service: "quota-service"
        ).get()
        #expect(service.principal == "service:quota-service")
    }
}
