import FlowCore
import FlowJSON

/// Why a remote backend did not answer as it should.
enum RemoteFault: Error {
    /// It cannot be reached, or cannot take work; the request may not be to blame.
    case away(BackendError.Code, String)
    /// It answered, and the answer says that the request failed, or is none.
    case failed(NodeFailure)
    /// Nobody waits for the answer any more.
    case cancelled

    /// What happened, for people.
    var message: String {
        switch self {
        case .away(_, let message): message
        case .failed(let failure): failure.message
        case .cancelled: "the request was cancelled"
        }
    }

    /// What an error of a call means.
    init(_ error: any Error) {
        switch error {
        case let fault as RemoteFault: self = fault
        case is CancellationError: self = .cancelled
        case let failure as NodeFailure:
            switch failure.code {
            case .unavailable: self = .away(.unavailable, failure.message)
            case .tooLarge: self = .invalid(failure.message)
            default: self = .failed(failure)
            }
        default: self = .away(.unavailable, "the call failed: \(error)")
        }
    }

    /// An answer that is no result.
    static func invalid(_ reason: String, retriable: Bool = false) -> RemoteFault {
        .failed(
            NodeFailure(
                .invalidResponse, "the remote backend's answer is not usable: \(reason)", retriable: retriable,
                details: ["reason": .string(reason)]))
    }

    /// What an answer's status means, unless it is a success.
    ///
    /// - Parameter said: What the answer says of its reasons.
    init?(status: Int, said: String?, location: String? = nil) {
        let because = said.map { ": \($0)" } ?? ""
        switch status {
        case 200...299: return nil
        case 429, 503: self = .away(.overloaded, "the remote backend answered with status \(status)\(because)")
        case 300...399:
            self = .refused(
                status,
                "the remote backend leads elsewhere with status \(status)"
                    + (location.map { ", to \"\($0.prefix(200))\"" } ?? "")
                    + "; its registration has to name that place")
        // A circle of servers does not end by trying again.
        case 508, 400...499:
            self = .refused(status, "the remote backend refused the request with status \(status)\(because)")
        default: self = .away(.unavailable, "the remote backend answered with status \(status)\(because)")
        }
    }

    private static func refused(_ status: Int, _ message: String) -> RemoteFault {
        .failed(NodeFailure(.remoteError, message, details: ["status": .integer(Int64(status))]))
    }
}
