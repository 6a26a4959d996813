import AsyncHTTPClient
import FlowCore
import NIOCore
import NIOSSL

/// The body of an answer as it comes, no longer than the call allows.
struct AnswerBody: Sendable {
    private let parts: HTTPClientResponse.Body
    private let limit: Int
    private let isCut: Bool
    private let origin: String
    /// The end of the call's time.
    var deadline: CallDeadline?

    /// How long the end of a body is waited for of which nothing more is needed: a connection can be used again only then.
    private static let endTime: Duration = .milliseconds(50)

    init(_ parts: HTTPClientResponse.Body, of call: OutboundHTTP.Call) {
        self.parts = parts
        limit = call.maxResponseBytes
        isCut = call.cutsResponse
        origin = call.url.origin
    }

    /// Calls `take` with each part as it comes, until the body ends or `take` says false: then the connection is closed.
    ///
    /// - Throws: ``NodeFailure`` when the body is too long or breaks off; `CancellationError`; what `take` throws.
    func forEach(_ take: ([UInt8]) throws -> Bool) async throws {
        var count = 0
        do {
            for try await part in parts {
                count += part.readableBytes
                guard count <= limit else {
                    if isCut { return }
                    throw NodeFailure(.tooLarge, "the response is larger than the limit of \(limit) bytes")
                }
                guard try take(Array(part.readableBytesView)) else { return }
            }
        } catch {
            throw Self.failure(error, origin: origin)
        }
        // A body that was given up is not to be taken for one that has ended.
        try Task.checkCancellation()
    }

    /// Says that what still comes is of no interest; its end is waited for only shortly. Who reads on is cancelled then.
    func expectEnd() { deadline?.shorten(to: Self.endTime) }

    /// All of the body.
    ///
    /// - Throws: ``NodeFailure`` when the body is too long or breaks off; `CancellationError`.
    func all() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await forEach { part in
            bytes += part
            return true
        }
        return bytes
    }

    /// What a call throws for an error of the client.
    static func failure(_ error: any Error, origin: String) -> any Error {
        switch error {
        case is NodeFailure, is RemoteFault, is CancellationError: error
        case let error as HTTPClientError where error == .cancelled: CancellationError()
        case let error as HTTPClientError
        where [.deadlineExceeded, .readTimeout, .connectTimeout, .getConnectionFromPoolTimeout].contains(error):
            NodeFailure(.timeout, "the call to \(origin) got no answer in time", retriable: true)
        case NIOSSLError.handshakeFailed, NIOSSLError.noCertificateToValidate, NIOSSLError.unableToValidateCertificate,
            is NIOSSLExtraError:
            NodeFailure(.tlsError, "there is no trusted TLS connection to \(origin): \(error)")
        default: NodeFailure(.unavailable, "the call to \(origin) failed: \(error)", retriable: true)
        }
    }
}
