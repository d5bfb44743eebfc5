import Foundation
package import Hummingbird
package import Logging

/// A development stand-in of 闽政通, with two protocols. The trust-ticket redirect:
///
/// 1. The service sends the browser to `GET /login?client_id=…&redirect=…&state=…` (password page; the
///    scan page is `GET /login/scan` with the same query).
/// 2. The page posts its form (`POST /login` or `POST /login/scan`); the answer is a 302 to
///    `redirect?ticket=…&state=…`.
/// 3. The service posts the form field `POSTPARAM_JSON` = `{"ticket", "client_id", "secret"}` to
///    `POST /exchange` and gets `{"success": true, "unit": {"name", "uscc",
///    "legal_representative_name", "legal_representative_id_number"}, "agent": {"subject", "name",
///    "id_number", "phone"}}`, or `{"success": false, "error", "message"}` with a status of 4xx.
///
/// OAuth 2 and OpenID Connect, authorization code with PKCE S256, on the same pages:
///
/// 1. `GET /authorize?response_type=code&scope=openid&client_id=…&redirect_uri=…&state=…&nonce=…&`
///    `code_challenge=…&code_challenge_method=S256` (scan page: `GET /authorize/scan`).
/// 2. A 302 to `redirect_uri?code=…&state=…`.
/// 3. `POST /token` with the code, the same redirect, client id, secret and verifier answers an access
///    token and an ID token, signed with HS256 by the client's secret.
/// 4. `POST /userinfo` with the access token as bearer answers `{"sub", "unit", "agent"}`, once.
///
/// A ticket or code is good once, for 60 seconds, for the client that it was made for. Redirects are on an
/// allow-list. `POST /simulate/login` with JSON `{"account", "password", "redirect", "state"}` answers
/// `{"location"}`: it plays the browser for scripts. `GET /healthz` answers 200.
package struct Simulator: Sendable {
    /// The most bytes of a request's body.
    package static let mostBodyBytes = 16_384
    /// The most bytes of a state.
    package static let mostStateBytes = 512

    let configuration: SimulatorConfiguration
    let tickets: TicketOffice
    let codes: TicketOffice
    let accessTokens = TicketOffice()
    /// Seconds since 1970, for ID tokens.
    let unixTime: @Sendable () -> Int64
    let pages: Pages

    package init(
        configuration: SimulatorConfiguration, tickets: TicketOffice = TicketOffice(),
        codes: TicketOffice = TicketOffice(),
        unixTime: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.configuration = configuration
        self.tickets = tickets
        self.codes = codes
        self.unixTime = unixTime
        pages = Pages(accounts: configuration.accounts)
    }

    /// The HTTP application; port 0 takes any free port.
    /// - Parameter onReady: is given the port once connections are taken.
    package func application(
        host: String, port: Int, logger: Logger,
        onReady: @escaping @Sendable (_ port: Int) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            router: router(),
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? port) },
            logger: logger)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in answer("ok\n", type: "text/plain; charset=utf-8") }
        router.get("/") { _, _ in html(pages.home()) }
        for path in ["/login", "/authorize"] {
            let read: LoginReader = path == "/login" ? readTicketLogin : readAuthorization
            router.get("\(path)") { request, _ in
                page(request, read) { pages.password($0) }
            }
            router.get("\(path)/scan") { request, _ in
                page(request, read) { pages.scan($0) }
            }
            router.post("\(path)") { request, _ in try await postPassword(request, read) }
            router.post("\(path)/scan") { request, _ in try await postScan(request, read) }
        }
        router.post("/exchange") { request, _ in try await exchange(request) }
        router.post("/token") { request, _ in try await token(request) }
        router.post("/userinfo") { request, _ in try userInfo(request) }
        router.post("/simulate/login") { request, _ in try await simulateLogin(request) }
        return router
    }
}

// MARK: - Browser

/// Reads what a browser brings along, from a query or from a form; checked.
private typealias LoginReader = @Sendable (_ text: String) throws(SimulatorFault) -> LoginRequest

extension Simulator {
    @Sendable private func readTicketLogin(_ text: String) throws(SimulatorFault) -> LoginRequest {
        try checked(form(LoginRequest.self, text))
    }

    @Sendable private func readAuthorization(
        _ text: String
    ) throws(SimulatorFault) -> LoginRequest {
        try checked(form(AuthorizationRequest.self, text).login())
    }

    private func page(
        _ request: Request, _ read: LoginReader, make: (LoginRequest) -> String
    ) -> Response {
        do throws(SimulatorFault) {
            return html(make(try read(request.uri.query ?? "")))
        } catch {
            return html(pages.refusal(error), status: .badRequest)
        }
    }

    private func postPassword(_ request: Request, _ read: LoginReader) async throws -> Response {
        let body = try await body(of: request)
        do throws(SimulatorFault) {
            let login = try read(body)
            let credentials = try form(LoginForm.self, body)
            guard
                let person = legalPerson(
                    credentials.account, password: credentials.password ?? "")
            else {
                return html(
                    pages.password(login, account: credentials.account, fault: .wrongPassword),
                    status: .unauthorized)
            }
            return sendBack(person, login)
        } catch {
            return html(pages.refusal(error), status: .badRequest)
        }
    }

    private func postScan(_ request: Request, _ read: LoginReader) async throws -> Response {
        let body = try await body(of: request)
        do throws(SimulatorFault) {
            let login = try read(body)
            let chosen = try form(LoginForm.self, body).account
            guard let person = configuration.accounts.first(where: { $0.account == chosen }) else {
                throw .malformed
            }
            return sendBack(person, login)
        } catch {
            return html(pages.refusal(error), status: .badRequest)
        }
    }

    private func sendBack(_ person: LegalPerson, _ login: LoginRequest) -> Response {
        Response(
            status: .found,
            headers: [.location: location(person, login), .cacheControl: "no-store"])
    }
}

// MARK: - Programs

extension Simulator {
    private func exchange(_ request: Request) async throws -> Response {
        let body = try await body(of: request)
        do throws(SimulatorFault) {
            let parameters = try form(ExchangeForm.self, body).parameters
            let asked = try json(ExchangeRequest.self, parameters)
            guard configuration.clients[asked.clientID] == asked.secret else {
                throw .unknownClient
            }
            guard let person = tickets.redeem(asked.ticket, by: asked.clientID)?.person else {
                throw .invalidTicket
            }
            return try answer(json: ExchangeReply(unit: person.unit, agent: person.agent))
        } catch {
            return try refuse(error)
        }
    }

    private func simulateLogin(_ request: Request) async throws -> Response {
        let body = try await body(of: request)
        do throws(SimulatorFault) {
            let asked = try json(SimulatedLogin.self, body)
            let only = configuration.clients.count == 1 ? configuration.clients.keys.first : nil
            let login = try checked(
                LoginRequest(
                    clientID: asked.clientID ?? only ?? "", redirect: asked.redirect,
                    state: asked.state))
            guard let person = legalPerson(asked.account, password: asked.password) else {
                throw .wrongPassword
            }
            return try answer(json: SimulatedLoginReply(location: location(person, login)))
        } catch {
            return try refuse(error)
        }
    }

    private func refuse(_ fault: SimulatorFault) throws -> Response {
        let status: HTTPResponse.Status =
            switch fault {
            case .unknownClient, .wrongPassword: .unauthorized
            case .malformed, .forbiddenRedirect, .invalidTicket: .badRequest
            }
        return try answer(
            json: FaultReply(error: fault.rawValue, message: fault.message), status: status)
    }
}

// MARK: - What both use

extension Simulator {
    private func checked(_ login: LoginRequest) throws(SimulatorFault) -> LoginRequest {
        guard configuration.clients[login.clientID] != nil else { throw .unknownClient }
        guard configuration.callbacks.allows(login.redirect) else { throw .forbiddenRedirect }
        guard !login.state.isEmpty, login.state.utf8.count <= Self.mostStateBytes else {
            throw .malformed
        }
        return login
    }

    private func legalPerson(_ account: String, password: String) -> LegalPerson? {
        configuration.accounts.first { $0.account == account && $0.password == password }
    }

    private func location(_ person: LegalPerson, _ login: LoginRequest) -> String {
        let grant = Grant(
            person: person, clientID: login.clientID, authorization: login.authorization)
        return configuration.callbacks.location(
            login.redirect, login.authorization == nil ? "ticket" : "code",
            (login.authorization == nil ? tickets : codes).issue(grant), state: login.state)
    }

    func body(of request: Request) async throws -> String {
        String(buffer: try await request.body.collect(upTo: Self.mostBodyBytes))
    }

    func form<Value: Decodable>(
        _ type: Value.Type, _ body: String
    ) throws(SimulatorFault) -> Value {
        do {
            return try URLEncodedFormDecoder().decode(type, from: body)
        } catch {
            throw .malformed
        }
    }

    private func json<Value: Decodable>(
        _ type: Value.Type, _ text: String
    ) throws(SimulatorFault) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw .malformed
        }
    }

    private func html(_ page: String, status: HTTPResponse.Status = .ok) -> Response {
        answer(page, type: "text/html; charset=utf-8", status: status)
    }

    func answer(
        json value: some Encodable, status: HTTPResponse.Status = .ok
    ) throws(SimulatorFault) -> Response {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let text = String(decoding: try encoder.encode(value), as: UTF8.self)
            return answer(text, type: "application/json", status: status)
        } catch {
            throw .malformed
        }
    }

    func answer(
        _ text: String, type: String, status: HTTPResponse.Status = .ok
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: type, .cacheControl: "no-store",
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
