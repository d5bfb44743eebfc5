package import RPC
import Secrets
import Storage

extension RPCError {
    /// What a caller is told of an error inside a service: rules' refusals with their code, storage's by what may be done about it, anything else as "internal".
    package init(serviceError error: any Error) {
        switch error {
        case let error as RPCError:
            self = error
        case let refusal as Refusal:
            self.init(
                code: RPCCode(rawValue: refusal.code) ?? .unknown, message: refusal.message,
                details: refusal.details.map { ErrorDetail(type: $0.type, value: $0.value) },
                verdict: .never)
        case let error as StorageError where error.code == .notApplied(.cancelled):
            // The caller's own doing, no fault of the service's.
            self.init(
                code: .cancelled, message: "the call was cancelled", verdict: .notExecuted)
        case let error as StorageError where error.isNotApplied:
            self.init(
                code: .unavailable, message: "服务繁忙，未作任何更改，请稍后重试",
                verdict: .notExecuted)
            cause = error
        case PasswordError.busy:
            self.init(
                code: .unavailable, message: "服务繁忙，请稍后重试", verdict: .notExecuted,
                retryAfter: .seconds(1))
        default:
            self.init(code: .internalError, message: "internal error", verdict: .unknown)
            cause = error
        }
    }
}
