/// One answer.
package struct HTTPResponse: Sendable {
    /// The status code.
    package var status: Int
    /// The header fields, without those that the server adds by itself: date, length and connection.
    package var fields: [(name: String, value: String)]
    /// What follows the header.
    package var body: ResponseBody
    /// Whether the connection is closed behind the answer.
    package var closesConnection = false

    /// Makes an answer.
    package init(status: Int, fields: [(name: String, value: String)] = [], body: ResponseBody = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An answer of JSON text.
    package static func json(_ bytes: [UInt8], status: Int = 200) -> HTTPResponse {
        var fields: [(name: String, value: String)] = []
        // Room for those that the middleware adds.
        fields.reserveCapacity(8)
        fields.append(("Content-Type", "application/json"))
        return HTTPResponse(status: status, fields: fields, body: .bytes(bytes))
    }

    /// An answer of text of any type.
    package static func text(_ text: String, type: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, fields: [("Content-Type", type)], body: .bytes(Array(text.utf8)))
    }

    /// The first value of a field.
    package subscript(name: String) -> String? {
        fields.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

/// What follows the header of an answer.
package enum ResponseBody: Sendable {
    /// Nothing.
    case empty
    /// All of it.
    case bytes([UInt8])
    /// As it is made, in chunks. The function runs until the body is complete; its task is cancelled when the client
    /// has gone.
    case stream(@Sendable (any BodyWriter) async -> Void)

    /// How many bytes there are, when that is known.
    package var size: Int? {
        switch self {
        case .empty: 0
        case .bytes(let bytes): bytes.count
        case .stream: nil
        }
    }
}

/// Takes the parts of a streamed body.
package protocol BodyWriter: Sendable {
    /// Sends some bytes, and waits while the client has not taken enough of those before.
    ///
    /// - Returns: false when the client has gone; then nothing more need be written.
    func write(_ bytes: [UInt8]) async -> Bool
}
