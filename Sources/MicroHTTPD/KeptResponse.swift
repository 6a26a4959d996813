import CMicroHTTPD
import FlowHTTP

/// The answer that a connection gave last, for when the same one goes out again, as it does to a client that polls.
///
/// The library copies each field into three allocations. Here it does so for those alone that have changed, mostly the
/// id of the request.
struct KeptResponse: ~Copyable {
    /// Larger bodies are not held for a connection that may be idle for long.
    static let maxBytes = 16384

    // Safe because the reference is this value's own: the library has one of its own from when it takes the answer until
    // the request is over, and calls for the next request after that.
    let handle: OpaquePointer
    private var fields: [(name: String, value: String)]
    private let bytes: [UInt8]

    /// Takes over a reference.
    init(_ handle: OpaquePointer, _ response: HTTPResponse, bytes: [UInt8]) {
        self.handle = handle
        self.fields = response.fields
        self.bytes = bytes
    }

    deinit { MHD_destroy_response(handle) }

    /// Makes the answer the next one, if it has the same body and its fields differ in values alone.
    ///
    /// - Returns: false when it has not; then it must not be used again.
    mutating func become(_ response: HTTPResponse, bytes: [UInt8]) -> Bool {
        guard isSame(bytes), fields.count == response.fields.count else { return false }
        for (index, field) in response.fields.enumerated() {
            let old = fields[index]
            guard old.name == field.name else { return false }
            guard old.value != field.value else { continue }
            // The library appends the new one, which of several of one name would change their order.
            guard isSole(field.name),
                ResponseWriter.remove(old.name, old.value, from: handle),
                ResponseWriter.add(field.name, field.value, to: handle)
            else { return false }
        }
        fields = response.fields
        return true
    }

    /// Whether these are the very bytes, not only equal ones: answers that are made once and sent many times are.
    private func isSame(_ other: [UInt8]) -> Bool {
        bytes.count == other.count
            && bytes.withUnsafeBytes { mine in other.withUnsafeBytes { mine.baseAddress == $0.baseAddress } }
    }

    private func isSole(_ name: String) -> Bool { fields.count { $0.name == name } == 1 }
}
