import CAnswers
import CMicroHTTPD
import FlowHTTP
import Glibc

/// The bytes of an answer while the library has them.
final class LentBody: Sendable {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// Hands an answer to the library.
enum ResponseWriter {
    /// Queues an answer of known length, or the one before it once more.
    ///
    /// - Returns: false when the library did not take it; then the connection has to be closed.
    static func queue(
        _ response: HTTPResponse, bytes: [UInt8], on connection: OpaquePointer, closes: Bool, kept: inout KeptResponse?
    ) -> Bool {
        if !closes, kept?.become(response, bytes: bytes) == true, let handle = kept?.handle {
            return flow_queue_response(connection, UInt32(response.status), handle)
        }
        kept = nil
        guard let handle = make(response, bytes: bytes, closes: closes) else { return false }
        let isQueued = flow_queue_response(connection, UInt32(response.status), handle)
        if !closes, !bytes.isEmpty, bytes.count <= KeptResponse.maxBytes {
            kept = KeptResponse(handle, response, bytes: bytes)
        } else {
            MHD_destroy_response(handle)
        }
        return isQueued
    }

    /// An answer of known length, for the library to queue.
    static func make(_ response: HTTPResponse, bytes: [UInt8], closes: Bool) -> OpaquePointer? {
        let handle = make(bytes)
        if let handle { complete(handle, response, closes: closes) }
        return handle
    }

    private static func make(_ bytes: [UInt8]) -> OpaquePointer? {
        if bytes.isEmpty { return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT) }
        // The bytes are lent as they lie in memory: many answers are made once and sent many times.
        // Safe because a native array keeps its elements in one place for as long as it lives and nobody changes them,
        // which the reference that the library gives back with the response sees to, and because it only reads them.
        let body = Unmanaged.passRetained(LentBody(bytes))
        let handle = bytes.withUnsafeBytes { source in
            MHD_create_response_from_buffer_with_free_callback_cls(
                source.count, UnsafeMutableRawPointer(mutating: source.baseAddress), Callbacks.giveBack,
                body.toOpaque())
        }
        if handle == nil { body.release() }
        return handle
    }

    /// Queues a response that has its body already.
    static func queue(
        _ handle: OpaquePointer, _ response: HTTPResponse, on connection: OpaquePointer, closes: Bool
    ) -> Bool {
        complete(handle, response, closes: closes)
        return flow_queue_response(connection, UInt32(response.status), handle)
    }

    private static func complete(_ handle: OpaquePointer, _ response: HTTPResponse, closes: Bool) {
        for field in response.fields { add(field.name, field.value, to: handle) }
        if closes { add("Connection", "close", to: handle) }
    }

    // Texts are lent as they lie in memory; passed as arguments, each would be copied into an array first.

    @discardableResult
    static func add(_ name: String, _ value: String, to handle: OpaquePointer) -> Bool {
        name.withCString { name in value.withCString { MHD_add_response_header(handle, name, $0) == .YES } }
    }

    static func remove(_ name: String, _ value: String, from handle: OpaquePointer) -> Bool {
        name.withCString { name in value.withCString { MHD_del_response_header(handle, name, $0) == .YES } }
    }
}
