import Logging
import ZhichengClient

/// What to tell whom about a failed call.
func save(_ request: Quota.SaveRecordRequest, _ officer: PlatformClient, _ logger: Logger) async {
    // snippet: errors
    do {
        _ = try await officer.quota.saveRecord(request)
    } catch {
        logger.error("\(error)")
        print(error.message(in: .chinese))
        for violation in error.fieldViolations { print(violation.label, violation.message) }
        if let version = error.currentVersion { print("请刷新，当前版本", version) }
        if error.service == .quota, error.isRetryable { print("可以重试") }
    }
    // end
}

/// Fewer or no further attempts.
func retries(_ configuration: inout ClientConfiguration) {
    // snippet: retries
    configuration.retries = RetryPolicy(
        attempts: 5, firstPause: .milliseconds(20),
        budget: RetryBudget(share: 0.05, allowance: 20))
    // end
}

/// A call that may take longer than others.
func patient(_ officer: PlatformClient) async throws -> Quota.ListRecordsReply {
    // snippet: timeout
    var options = CallOptions()
    options.timeout = .seconds(60)
    options.priority = .sheddable
    let reply = try await officer.quota.listRecords(
        Quota.ListRecordsRequest(), options: options)
    // end
    return reply
}

/// A log line for each call.
func log(to logger: Logger, _ configuration: inout ClientConfiguration) {
    // snippet: interceptor
    let log = CallInterceptor(
        prepare: { call throws(RPCError) in
            call.options.metadata.set("x-program", Array("night-run".utf8))
        },
        observe: { call, end in
            logger.info(
                "\(call.method.name)",
                metadata: [
                    "code": "\(end.error?.code ?? .ok)", "attempts": "\(end.attempts)",
                    "duration": "\(end.duration)",
                ])
        })
    configuration.interceptors = [log]
    // end
}
