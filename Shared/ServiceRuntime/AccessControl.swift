package import Messages
package import RPC

/// Who may call a method. Every method has a rule: an exhaustive `switch` gives it.
package enum AccessRule: Sendable {
    /// Anybody, without a session: signing in, health.
    case anyone
    /// Only these authenticated services (and the operator's command, "zhicheng").
    case services(Set<String>)
    /// A signed-in user of one of the roles. `unfinished`: also before the first password change and unit submission.
    case users(Set<Identity.Role>, unfinished: Bool = false)
    /// A signed-in user of one of the roles, or one of the services without a user.
    case usersOrServices(Set<Identity.Role>, Set<String>)
}

extension Set where Element == Identity.Role {
    /// Both roles of a unit's officers.
    package static var officers: Self { [.unitAdministrator, .unitReviewer] }
    /// Everybody who can sign in.
    package static var everyone: Self {
        [.unitAdministrator, .unitReviewer, .applicant, .hrDepartment, .superior, .committee]
    }
}

/// Finds the user behind a session token, or throws `unauthenticated`.
package typealias SessionResolver =
    @Sendable (_ token: [UInt8], _ context: RequestContext) async throws(RPCError)
    -> Identity.Session

/// Default deny: resolves the caller of each call and holds it against the method's rule.
package struct AccessControl: Sendable {
    private let rules: [UInt32: AccessRule]
    private let resolve: SessionResolver

    package init(rules: [UInt32: AccessRule], resolve: @escaping SessionResolver) {
        self.rules = rules
        self.resolve = resolve
    }

    /// Admits the call and attaches its `Caller`, or throws.
    package func admit(_ context: inout RequestContext) async throws(RPCError) {
        guard let rule = rules[context.method.id] else {
            throw RPCError(code: .permissionDenied, message: "这个方法没有访问规则")
        }
        let service = context.peer.isAuthenticated ? context.peer.kind : nil
        switch rule {
        case .anyone:
            context.attachment = Caller(service: service, session: nil)
        case .services(let allowed):
            guard let service, allowed.contains(service) else { throw Self.notAllowed }
            context.attachment = Caller(service: service, session: nil)
        case .users(let roles, let unfinished):
            let session = try await user(context, roles: roles, unfinished: unfinished)
            context.attachment = Caller(service: service, session: session)
        case .usersOrServices(let roles, let allowed):
            if context.session == nil {
                guard let service, allowed.contains(service) else { throw Self.signInFirst }
                context.attachment = Caller(service: service, session: nil)
            } else {
                let session = try await user(context, roles: roles, unfinished: false)
                context.attachment = Caller(service: service, session: session)
            }
        }
    }

    private func user(
        _ context: RequestContext, roles: Set<Identity.Role>, unfinished: Bool
    ) async throws(RPCError) -> Identity.Session {
        guard let token = context.session else { throw Self.signInFirst }
        let session = try await resolve(token, context)
        guard roles.contains(session.role) else { throw Self.notAllowed }
        if !unfinished {
            if session.mustChangePassword {
                throw RPCError(
                    code: .failedPrecondition,
                    message: "首次登录须先修改初始密码 (Identity/ChangePassword)")
            }
            if session.mustSubmitUnit {
                throw RPCError(
                    code: .failedPrecondition,
                    message: "首次登录须先完善单位详细信息并提交 (Identity/SubmitUnit)")
            }
        }
        return session
    }

    private static let notAllowed = RPCError(code: .permissionDenied, message: "没有进行此操作的权限")
    private static let signInFirst = RPCError(code: .unauthenticated, message: "请先登录")
}
