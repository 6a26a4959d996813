/// Why something that was asked of a broker did not come to be.
package enum NATSError: Error, Hashable, Sendable, CustomStringConvertible {
    /// There is no connection to the broker at the moment.
    case disconnected
    /// The broker did not answer in time.
    case timedOut
    /// Nobody listens where a request was sent, as when JetStream is off or a subject belongs to no stream.
    case noResponders
    /// JetStream refused it.
    case refused(code: Int, description: String)
    /// The library refused it.
    case library(String)
    /// What came back is not what was asked for.
    case malformed(String)
    /// Nobody waits any more.
    case cancelled

    /// The error as a sentence.
    package var description: String {
        switch self {
        case .disconnected: "there is no connection to the broker"
        case .timedOut: "the broker did not answer in time"
        case .noResponders: "nothing answers on the broker; is JetStream enabled for the account?"
        case .refused(let code, let description): "JetStream refused it: \(description) (\(code))"
        case .library(let text): text
        case .malformed(let text): "the broker's answer is not usable: \(text)"
        case .cancelled: "the wait was cancelled"
        }
    }
}
