import CAnswers
import CMicroHTTPD
import FlowHTTP
import Glibc

/// Hands an answer to the library.
enum ResponseWriter {
    /// Queues an answer of known length.
    ///
    /// - Returns: false when the library did not take it; then the connection has to be closed.
    static func queue(_ response: HTTPResponse, bytes: [UInt8], on connection: OpaquePointer, closes: Bool) -> Bool {
        guard let handle = make(bytes) else { return false }
        defer { MHD_destroy_response(handle) }
        return queue(handle, response, on: connection, closes: closes)
    }

    /// An answer of known length that closes its connection, for the library to queue.
    static func make(_ response: HTTPResponse, bytes: [UInt8]) -> OpaquePointer? {
        let handle = make(bytes)
        if let handle { complete(handle, response, closes: true) }
        return handle
    }

    private static func make(_ bytes: [UInt8]) -> OpaquePointer? {
        if bytes.isEmpty { return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT) }
        guard let copy = malloc(bytes.count) else { return nil }
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress { memcpy(copy, base, bytes.count) }
        }
        // Safe because the library now owns the copy and frees it with the response.
        let handle = MHD_create_response_from_buffer(bytes.count, copy, .RESPMEM_MUST_FREE)
        if handle == nil { free(copy) }
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
        if closes || response.closesConnection { add("Connection", "close", to: handle) }
    }

    private static func add(_ name: String, _ value: String, to handle: OpaquePointer) {
        // Texts are lent as they lie in memory; passed as arguments, each would be copied into an array first.
        name.withCString { name in value.withCString { _ = MHD_add_response_header(handle, name, $0) } }
    }
}
