import CMicroHTTPD
import FlowHTTP
import Glibc

/// Answers that are given in the middle of a request.
extension Connection {
    /// Ends a connection whose time is over, and says why when no answer has been begun.
    func expire() {
        switch phase {
        case .head, .body:
            sayGoodbye(refusal(Problem(408, "timeout", "The request did not come in time.")))
        case .discarding(_, let response): sayGoodbye(response)
        case .parked(let request):
            // An answer that has been made is on its way to this thread.
            if request.head.isAnswered { return }
            sayGoodbye(
                refusal(Problem(503, "timeout", "The request took longer than it may.")),
                hasBody: request.method != .head)
        case .idle, .answered, .sending, .streaming: break
        }
        shut()
    }

    /// The library is about to refuse the request by itself: it could not read it, and closes the connection behind.
    ///
    /// - Returns: what is to be queued in place of its answer; `nil` when that may go on, since nobody will read it.
    func refused(_ status: Int) -> OpaquePointer? {
        if isClosing { return nil }
        let response: HTTPResponse
        // What the library refuses between a whole header and its first call, it begins to answer twice.
        var isTwice = false
        switch phase {
        case .head:
            response = refusal(unreadable(status))
            isTwice = flow_header_size(handle) > 0
        case .idle, .body: response = refusal(unreadable(status))
        case .discarding(_, let decided): response = decided
        case .parked, .answered, .sending, .streaming: return nil
        }
        phase = .sending
        deadline = daemon.now + daemon.options.sendTimeout
        guard case .bytes(let bytes) = response.body else { return nil }
        guard daemon.options.tls == nil else {
            // A body would be looked for where the second head lies.
            return ResponseWriter.make(response, bytes: isTwice ? [] : bytes, closes: true)
        }
        sayGoodbye(response)
        shutdown(descriptor, Int32(SHUT_WR))
        return nil
    }

    /// What a status of the library's means.
    private func unreadable(_ status: Int) -> Problem {
        switch (status, phase) {
        case (400, .body): return Problem(400, "framing", "The body's chunks are malformed.")
        case (400, .head):
            if let length = flow_header(handle, "Content-Length"), !isNumber(length) {
                return Problem(400, "framing", "Content-Length is not a number.")
            }
            return Problem(400, "malformed-header", "A line of the header is not a field.")
        case (400, _): return Problem(400, "malformed-header", "The request line is malformed.")
        case (413, _): return Problem(413, "content-too-large", "The body is larger than any limit.")
        case (414, _):
            return Problem(414, "target-too-long", "The target is longer than \(ServerOptions.maxTargetBytes) bytes.")
        case (431, _):
            return Problem(
                431, "header-too-large",
                "The header is larger than the limits of \(ServerOptions.maxFields) fields "
                    + "and \(ServerOptions.maxFieldBytes) bytes.")
        case (505, _): return Problem(505, "version", "The server speaks HTTP/1.1 and HTTP/1.0.")
        default: return Problem(status, nil, "The request cannot be read.")
        }
    }

    private func isNumber(_ text: UnsafePointer<CChar>) -> Bool {
        let count = strlen(text)
        return count > 0 && strspn(text, "0123456789") == count
    }

    /// An answer to as much as is known of the request that is under way.
    private func refusal(_ problem: Problem) -> HTTPResponse {
        let whole: HTTPRequest? =
            switch phase {
            case .parked(let request): request
            case .body: request
            default: nil
            }
        var known = whole ?? unread
        if whole == nil { daemon.responder.begin(&known) }
        // The path may be anything as long as nobody has looked at it; then it is repeated to nobody.
        var response = problem.response(instance: whole?.path ?? "/")
        daemon.responder.finish(&response, to: known)
        return response
    }

    /// A request of which no more than its target has been read.
    private var unread: HTTPRequest {
        let isIdle = isIdle
        let path = isIdle ? "" : String(target.prefix { $0 != "?" })
        return HTTPRequest(
            RequestHead(method: .unknown, path: path, client: client, arrival: isIdle ? daemon.now : arrival))
    }

    /// Writes an answer past the library, which takes none in the middle of a request. As much of it arrives as the socket
    /// takes at once; the connection is closed behind it. Under encryption there is no way past the library.
    func sayGoodbye(_ response: HTTPResponse, hasBody: Bool = true) {
        guard daemon.options.tls == nil, !isClosing, case .bytes(let body) = response.body else { return }
        var text = "HTTP/1.1 \(response.status) \(HTTPStatus.title(response.status))\r\n"
        for field in response.fields { text += "\(field.name): \(field.value)\r\n" }
        text += "Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
        let bytes = Array(text.utf8) + (hasBody ? body : [])
        bytes.withUnsafeBytes { _ = send(descriptor, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) }
        dropUnread()
    }

    /// Takes what has come and nobody will read: left in the socket, it would have the system reset the connection, and the
    /// client lose the answer.
    private func dropUnread() {
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
            for _ in 0..<16 {
                guard recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT)) > 0 else { return }
            }
        }
    }
}
