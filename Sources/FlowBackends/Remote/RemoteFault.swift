import FlowCore
import FlowJSON

/// Why a remote backend did not answer as it should.
enum RemoteFault: Error {
    /// It cannot be reached, or cannot take work; the request may not be to blame.
    case away(Want)
    /// It answered, and the answer says that the request failed, or is none.
    case failed(NodeFailure)
    /// Nobody waits for the answer any more.
    case cancelled

    /// What is wanting of a backend.
    struct Want: Sendable {
        var code = BackendError.Code.unavailable
        var message: String
        /// The code of the failure that an attempt has by it.
        var failure = NodeFailure.Code.unavailable
        /// Whether it may be there the next time.
        var isRetriable = true
        /// Whether it said so itself. Then it may have tried more than once.
        var isAnswer = false
    }

    /// What happened, for people.
    var message: String {
        switch self {
        case .away(let want): want.message
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
            case .unavailable: self = .away(Want(message: failure.message))
            // Nothing was executed, and trying again changes no certificate.
            case .tlsError: self = .away(Want(message: failure.message, failure: .tlsError, isRetriable: false))
            case .tooLarge: self = .invalid(failure.message, as: .responseTooLarge)
            default: self = .failed(failure)
            }
        default: self = .away(Want(message: "the call failed: \(error)"))
        }
    }

    /// An answer that is no result.
    static func invalid(
        _ reason: String, as code: NodeFailure.Code = .invalidResponse, retriable: Bool = false
    ) -> RemoteFault {
        .failed(
            NodeFailure(
                code, "the remote backend's answer is not usable: \(reason)", retriable: retriable,
                details: ["reason": .string(reason)]))
    }

    /// What an answer's status means, unless it is a success.
    ///
    /// - Parameter said: What the answer says of its reasons.
    init?(status: Int, said: String?, location: String? = nil) {
        let because = said.map { ": \($0)" } ?? ""
        switch status {
        case 200...299: return nil
        case 429, 503:
            let message = "the remote backend answered with status \(status)\(because)"
            self = .away(Want(code: .overloaded, message: message, isAnswer: true))
        case 300...399:
            self = .refused(
                .redirectRefused, status,
                "the remote backend leads elsewhere with status \(status)"
                    + (location.map { ", to \"\(URLCredentials.hidden(in: $0).prefix(200))\"" } ?? "")
                    + "; its registration has to name that place")
        // A circle of servers does not end by trying again.
        case 508, 400...499:
            self = .refused(
                .remoteError, status, "the remote backend refused the request with status \(status)\(because)")
        default:
            let message = "the remote backend answered with status \(status)\(because)"
            self = .away(Want(message: message, failure: .remoteStatus, isAnswer: true))
        }
    }

    private static func refused(_ code: NodeFailure.Code, _ status: Int, _ message: String) -> RemoteFault {
        .failed(NodeFailure(code, message, details: ["status": .integer(Int64(status))]))
    }
}

extension BackendError {
    /// What is wanting of a remote backend. What it did not say itself it cannot have tried again.
    init(_ want: RemoteFault.Want, of backend: BackendName) {
        self.init(
            want.code, backend: backend, want.message, failure: want.failure, isRetriable: want.isRetriable,
            retryOwner: want.isAnswer ? nil : .service)
    }
}
