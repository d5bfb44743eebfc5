import Logging
import RPCTransport
import ServiceLifecycle

/// Looks every few seconds whether the service's certificates were renewed: new connections, those that come and
/// those that are made, are with the new ones. Files that are of no use change nothing, and are told.
struct CertificateWatch: Service {
    let credentials: TLSCredentials
    let logger: Logger
    var interval = Duration.seconds(10)

    func run() async {
        await cancelWhenGracefulShutdown {
            // Throws only when the task is cancelled, which ends it just the same.
            while (try? await Task.sleep(for: interval)) != nil { look() }
        }
    }

    private func look() {
        do throws(TransportError) {
            if try credentials.renew() { logger.notice("new connections use the new certificates") }
        } catch {
            logger.error("the certificates stay as they were: \(error)")
        }
    }
}
