import CMicroHTTPD
import FlowHTTP
import Glibc

/// Copies a request's head out of the library and refuses what the library lets pass.
enum RequestReader {
    /// How the length of a body is told.
    enum Framing: Equatable {
        case none
        case length(Int)
        case chunked
    }

    /// The fields as they come out of the library.
    private struct Copy {
        var fields: RequestFieldsBuilder
        /// Where the last value ended in the library's buffer, and whether each field began right behind the one before.
        var end: UInt?
        var isContiguous = true

        mutating func take(_ name: UnsafePointer<CChar>?, _ nameSize: Int, _ value: UnsafePointer<CChar>?, _ size: Int)
        {
            // The library takes a text to end at its first NUL, whatever stands behind it. Fields lie in its buffer as they
            // came, their line ends overwritten: a gap tells of a NUL, or of a line that was folded.
            if let end { isContiguous = isContiguous && [1, 2].contains(UInt(bitPattern: name) &- end) }
            end = value.map { UInt(bitPattern: $0) &+ UInt(bitPattern: size) }
            // Safe because the library keeps the texts until the request is done, and they are copied at once.
            let name = UnsafeRawBufferPointer(start: name, count: name == nil ? 0 : nameSize)
            let value = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : size)
            fields.append(name.bindMemory(to: UInt8.self).span, value.bindMemory(to: UInt8.self).span)
        }
    }

    /// The head of a request.
    ///
    /// - Parameter known: The fields of an earlier request, which are used again if they are the same.
    static func head(
        _ connection: OpaquePointer, target: RequestTarget, known: RequestFields?, client: String,
        executor: any TaskExecutor, arrival: ContinuousClock.Instant
    ) -> (head: RequestHead, areFieldsKnown: Bool, isWhole: Bool) {
        var copy = Copy(fields: RequestFieldsBuilder(known: known))
        withUnsafeMutablePointer(to: &copy) { pointer in
            _ = flow_each_header(
                connection,
                { context, _, name, nameSize, value, valueSize in
                    // Safe because the context is the local variable of the function that waits for this one.
                    guard let copy = context?.assumingMemoryBound(to: Copy.self) else { return .NO }
                    copy.pointee.take(name, nameSize, value, valueSize)
                    return .YES
                }, pointer)
        }
        // Behind the last value lies the rest of its line end, or what a NUL hides.
        // Safe because the library's buffer goes on there: the empty line that ended the header has been read.
        let last = copy.end.flatMap { UnsafePointer<CChar>(bitPattern: $0 &+ 1) }
        let isWhole = copy.isContiguous && (last.map { $0.pointee == 0 } ?? true)
        let (fields, areKnown) = copy.fields.finish()
        let head = RequestHead(
            method: target.method, path: target.path, query: target.query, fields: fields, client: client,
            executor: executor, arrival: arrival)
        return (head, areKnown, isWhole)
    }

    /// Checks what a server has to refuse before it looks at a request any further.
    ///
    /// - Throws: the problem; the connection has to be closed behind it, since the rest of what the client sent cannot
    ///   be told apart from another request (RFC 9112 section 6.3).
    static func framing(of fields: RequestFields, version: String) throws(Problem) -> Framing {
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            throw Problem(505, "version", "The server speaks HTTP/1.1 and HTTP/1.0.")
        }
        guard fields.count <= ServerOptions.maxFields, fields.size <= ServerOptions.maxFieldBytes else {
            throw Problem(
                431, "header-too-large",
                "The header has \(fields.count) fields of \(fields.size) bytes; "
                    + "the limits are \(ServerOptions.maxFields) and \(ServerOptions.maxFieldBytes).")
        }
        guard fields.areWellFormed else {
            throw Problem(
                400, "malformed-header", "A header field's name or value holds a character that is not allowed.")
        }
        let hosts = fields.count(of: "host")
        guard hosts == 1 || hosts == 0 && version == "HTTP/1.0" else {
            throw Problem(400, "malformed-header", "The request needs exactly one Host field.")
        }
        guard fields.allValues(of: "host", pass: HostField.isValid) else {
            throw Problem(400, "malformed-header", "The Host field has to name one host, with or without a port.")
        }
        let lengths = fields.values("content-length")
        let codings = fields.values("transfer-encoding")
        guard lengths.count <= 1 else { throw Problem(400, "framing", "Content-Length is given more than once.") }
        if let coding = codings.first {
            guard lengths.isEmpty else {
                throw Problem(400, "framing", "Content-Length and Transfer-Encoding exclude each other.")
            }
            guard codings.count == 1, coding.lowercased() == "chunked", version == "HTTP/1.1" else {
                throw Problem(501, "framing", "The only Transfer-Encoding is \"chunked\".")
            }
            return .chunked
        }
        guard let text = lengths.first else { return .none }
        guard !text.isEmpty, text.utf8.count <= 18, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            let length = Int(text)
        else { throw Problem(400, "framing", "Content-Length is not a number.") }
        return length == 0 ? .none : .length(length)
    }

    /// Checks the target; the connection has to be closed behind the problem as well.
    static func checkTarget(_ head: RequestHead) throws(Problem) {
        guard head.path.utf8.count + (head.query?.utf8.count ?? 0) < ServerOptions.maxTargetBytes else {
            throw Problem(414, "target-too-long", "The target is longer than \(ServerOptions.maxTargetBytes) bytes.")
        }
        if head.path == "*", head.method == .options { return }
        guard head.path.utf8.first == UInt8(ascii: "/") else {
            throw Problem(400, "malformed-target", "The target has to be a path.")
        }
        var isEscaped = false
        let path = head.path.utf8Span.span
        for index in path.indices {
            let byte = path[index]
            guard byte > 0x20, byte < 0x7F else {
                throw Problem(400, "malformed-target", "The path holds a character that has to be percent-encoded.")
            }
            if byte == UInt8(ascii: "%") { isEscaped = true }
        }
        if isEscaped, PercentEncoding.decode(head.path) == nil {
            throw Problem(400, "malformed-target", "The path's percent-encoding is not valid UTF-8 without NUL.")
        }
    }
}
