import RPC
import Secrets
import ServiceRuntime
import Testing

@Suite("What a caller is told of an error inside a service")
struct ServiceErrorTests {
    @Test("Too many passwords at once: nothing was done, and soon it may be tried again")
    func busy() {
        let error = RPCError(serviceError: PasswordError.busy)
        #expect(error.code == .unavailable)
        #expect(error.verdict == .notExecuted)
        #expect(error.retryAfter == .seconds(1))
        #expect(RPCError(serviceError: PasswordError.failed).code == .internalError)
    }
}
