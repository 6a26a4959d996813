import CMicroHTTPD
import FlowHTTP
import Glibc
import Synchronization

/// One connection and the request on it.
///
/// Everything here happens on the thread of its loop; completions from elsewhere are posted there and carry the number of
/// their request, so that one which comes too late finds that its request is over.
final class Connection: @unchecked Sendable {
    // Safe because all state is touched on the loop's thread alone; other threads only carry the reference.

    enum Phase {
        /// No request line has come.
        case idle
        /// The request line has come.
        case head
        /// The body comes.
        case body(limit: Int)
        /// A body comes that nobody wants; the answer waits behind it.
        case discarding(left: Int, HTTPResponse)
        /// The request is complete and its handler runs, the connection suspended.
        case parked(HTTPRequest)
        /// The handler has ended.
        case answered(HTTPResponse)
        /// The answer is on its way.
        case sending
        /// A streamed answer is on its way.
        case streaming(StreamedBody)
    }

    /// How long a connection remembers the request before.
    private static let memory: Duration = .seconds(5)

    let descriptor: Int32
    let client: String
    var deadline: ContinuousClock.Instant
    // The daemon lets go of the connection when it is closed.
    let daemon: Daemon
    let handle: OpaquePointer
    var phase = Phase.idle
    private(set) var target = ""
    /// The target as the last request left it that led to a route, while it is that of the request under way as well.
    private var known: RequestTarget?
    /// The fields of the last request that passed all checks.
    private var knownFields: KnownFields?
    /// The last answer, in case that the next one is the same.
    private var kept: KeptResponse?
    /// Where the target ended in the library's buffer.
    private var targetEnd: UInt = 0
    /// When the request line had come.
    private(set) var arrival: ContinuousClock.Instant
    /// The request while its body comes.
    private(set) var request: HTTPRequest?
    private var number = 0
    private var task: Task<Void, Never>?
    private var isSuspended = false
    private(set) var isClosing = false

    init(_ handle: OpaquePointer, daemon: Daemon) {
        self.handle = handle
        self.daemon = daemon
        daemon.liveObjects.add(1, ordering: .relaxed)
        descriptor = flow_connection_descriptor(handle)
        client = ListenSockets.text(flow_client_address(handle))
        arrival = daemon.now
        deadline = arrival + daemon.options.headerTimeout
    }

    deinit { daemon.liveObjects.subtract(1, ordering: .relaxed) }

    /// Whether no request is under way.
    var isIdle: Bool { if case .idle = phase { true } else { false } }

    /// Whether the connection waits for a handler or a stream, so that the library does not see the client leave.
    var isWaiting: Bool { isSuspended }

    /// Whether nothing good can come of a connection whose client has closed its side: there is something still to be
    /// read, or nobody looks.
    var expectsClient: Bool {
        switch phase {
        case .idle, .head, .body, .discarding, .parked: true
        case .streaming: isSuspended
        case .answered, .sending: false
        }
    }

    /// The request line has come.
    func began(target: UnsafePointer<CChar>) {
        if self.target.withCString({ strcmp($0, target) }) != 0 {
            self.target = String(cString: target)
            known = nil
        }
        targetEnd = UInt(bitPattern: target) &+ UInt(bitPattern: strlen(target))
        phase = .head
        arrival = daemon.now
        deadline = arrival + daemon.options.headerTimeout
    }

    /// The library calls this when the head has come, for each part of the body, when the request is complete, and again
    /// when a suspended connection was resumed.
    ///
    /// - Returns: false to close the connection.
    func handle(
        method: UnsafePointer<CChar>, version: UnsafePointer<CChar>, data: UnsafePointer<CChar>?, size: inout Int
    ) -> Bool {
        // What had come before the end is still handed on; it must not have any effect.
        if isClosing { return false }
        switch phase {
        case .head:
            // One space stands between target and version; more of a gap hides a NUL.
            let isWhole = UInt(bitPattern: version) == targetEnd &+ 1
            return accept(method: String(cString: method), version: String(cString: version), isWhole: isWhole)
        case .body(let limit):
            guard size > 0, let data else {
                guard let request = request.take() else { return false }
                return complete(request)
            }
            defer { size = 0 }
            return take(UnsafeBufferPointer(start: data, count: size), limit: limit)
        case .discarding(let left, let response):
            guard size > 0 else { return answer(response) }
            guard left >= size else {
                sayGoodbye(response)
                return false
            }
            phase = .discarding(left: left - size, response)
            size = 0
            return true
        case .answered(let response): return answer(response)
        case .idle, .parked, .sending, .streaming: return false
        }
    }

    private func accept(method: String, version: String, isWhole: Bool) -> Bool {
        let method = HTTPMethod(method)
        let again = known.flatMap { $0.method == method ? $0 : nil }
        let target = again ?? RequestTarget(method, target)
        let read = RequestReader.head(
            handle, target: target, known: knownFields?.fields, client: client, executor: daemon.loop, arrival: arrival)
        var head = HTTPRequest(read.head)
        let framing: RequestReader.Framing
        do throws(Problem) {
            guard isWhole, read.isWhole else {
                throw Problem(
                    400, "malformed-header",
                    "The header holds a NUL, a folded line, or too much space before the version.")
            }
            if again == nil { try RequestReader.checkTarget(read.head) }
            if read.areFieldsKnown, let knownFields, knownFields.version == version {
                framing = knownFields.framing
            } else {
                framing = try RequestReader.framing(of: head.fields, version: version)
                knownFields = KnownFields(fields: head.fields, version: version, framing: framing)
            }
        } catch {
            // The path may be anything here; it is repeated to nobody.
            var response = error.response(instance: "/")
            response.closesConnection = true
            daemon.responder.begin(&head)
            daemon.responder.finish(&response, to: head)
            return answer(response)
        }
        head.route = target.route
        head.parameters = target.parameters
        if let refusal = daemon.responder.refuse(&head) { return refuse(head, framing, refusal) }
        if again == nil, head.route != nil {
            target.led(to: head)
            known = target
        }
        let limit = daemon.options.maxBodyBytes
        if framing != .none { deadline = daemon.now + daemon.options.bodyTimeout }
        if case .length(let length) = framing {
            guard length <= limit else { return answerEarly(tooLarge(head)) }
            head.body.reserveCapacity(length)
        }
        phase = .body(limit: limit)
        request = head
        return true
    }

    /// Refuses a request whose body has not come. A small body is read, which is cheaper than making a new connection; a
    /// client that asks first sends none.
    private func refuse(_ head: HTTPRequest, _ framing: RequestReader.Framing, _ refusal: HTTPResponse) -> Bool {
        if framing != .none {
            deadline = daemon.now + daemon.options.bodyTimeout
            if head.fields["expect"] != nil { return answerEarly(refusal) }
        }
        switch framing {
        case .none: phase = .discarding(left: 0, refusal)
        case .length(let length) where length > 65536: return answerEarly(refusal)
        case .length(let length): phase = .discarding(left: length, refusal)
        case .chunked: phase = .discarding(left: 65536, refusal)
        }
        return true
    }

    private func take(_ data: UnsafeBufferPointer<CChar>, limit: Int) -> Bool {
        guard (request?.body.count ?? 0) + data.count <= limit else {
            // No answer can be given in the middle of a body: the rest is read, up to a bound, and dropped.
            if let head = request.take() { phase = .discarding(left: 4 * limit, tooLarge(head)) }
            return true
        }
        data.withMemoryRebound(to: UInt8.self) { request?.body.append(contentsOf: $0) }
        return true
    }

    private func tooLarge(_ head: HTTPRequest) -> HTTPResponse {
        let limit = daemon.options.maxBodyBytes
        let problem = Problem(413, "content-too-large", "The body is larger than the limit of \(limit) bytes.")
        var response = problem.response(instance: head.path)
        response.closesConnection = true
        daemon.responder.finish(&response, to: head)
        return response
    }

    /// Answers before the body has come; the library closes the connection behind it.
    private func answerEarly(_ response: HTTPResponse) -> Bool {
        var response = response
        response.closesConnection = true
        return answer(response)
    }

    /// The request is there: has it answered, at once where that is possible.
    private func complete(_ request: HTTPRequest) -> Bool {
        switch daemon.responder.respond(to: request) {
        case .ready(let response): return answer(response)
        case .later(let respond): return begin(request, respond)
        }
    }

    /// Starts a handler that may wait.
    private func begin(_ request: HTTPRequest, _ respond: @escaping @Sendable () async -> HTTPResponse) -> Bool {
        let number = self.number
        let loop = daemon.loop
        phase = .parked(request)
        // Unstructured, since the library calls from C; the connection owns the task and cancels it at its end.
        task = Task.immediate(executorPreference: loop) { [self] in
            let response = await respond()
            loop.perform { self.answered(response, number) }
        }
        loop.drain(limit: 64)
        if case .answered(let response) = phase { return answer(response) }
        deadline = daemon.now + daemon.options.answerTimeout
        suspend()
        return true
    }

    private func answered(_ response: HTTPResponse, _ number: Int) {
        guard number == self.number, case .parked = phase else { return }
        phase = .answered(response)
        task = nil
        resume()
    }

    private func answer(_ response: HTTPResponse) -> Bool {
        deadline = daemon.now + daemon.options.sendTimeout
        let closes = daemon.isDraining || response.closesConnection
        switch response.body {
        case .empty:
            phase = .sending
            return ResponseWriter.queue(response, bytes: [], on: handle, closes: closes, kept: &kept)
        case .bytes(let bytes):
            phase = .sending
            // A large answer may take its time on a slow line.
            if bytes.count > 1 << 20 { deadline += .seconds(bytes.count >> 16) }
            return ResponseWriter.queue(response, bytes: bytes, on: handle, closes: closes, kept: &kept)
        case .stream(let produce): return stream(response, produce)
        }
    }

    private func stream(_ response: HTTPResponse, _ produce: @escaping @Sendable (any BodyWriter) async -> Void) -> Bool
    {
        let number = self.number
        let loop = daemon.loop
        let body = StreamedBody { loop.perform { self.resumeStream(number) } }
        // Safe because the library gives the reference back through the function that frees the response.
        let context = Unmanaged.passRetained(StreamContext(body: body, connection: self)).toOpaque()
        guard
            let streamed = MHD_create_response_from_callback(
                UInt64.max, 16384, Callbacks.readStream, context, Callbacks.freeStream)
        else {
            Unmanaged<StreamContext>.fromOpaque(context).release()
            return false
        }
        defer { MHD_destroy_response(streamed) }
        phase = .streaming(body)
        forget()
        let closes = daemon.isDraining || response.closesConnection
        guard ResponseWriter.queue(streamed, response, on: handle, closes: closes) else { return false }
        // Unstructured for the same reason as above.
        task = Task(executorPreference: loop) {
            await produce(body)
            body.finish()
        }
        if daemon.isDraining { task?.cancel() }
        return true
    }

    /// The library asks for a part of a stream.
    func read(_ body: StreamedBody, into buffer: UnsafeMutablePointer<CChar>, maximum: Int) -> Int {
        switch body.read(into: buffer, maximum: maximum) {
        case .bytes(let count):
            deadline = daemon.now + daemon.options.sendTimeout
            return count
        case .nothing:
            suspend()
            return 0
        case .end: return -1
        }
    }

    private func resumeStream(_ number: Int) {
        guard number == self.number else { return }
        deadline = daemon.options.now() + daemon.options.sendTimeout
        resume()
    }

    private func suspend() {
        guard !isSuspended else { return }
        isSuspended = true
        MHD_suspend_connection(handle)
    }

    private func resume() {
        guard isSuspended else { return }
        isSuspended = false
        daemon.hasResumed = true
        MHD_resume_connection(handle)
    }

    /// The request is over, however it ended.
    func completed() {
        number += 1
        task?.cancel()
        task = nil
        if case .streaming(let body) = phase { body.abandon() }
        phase = .idle
        request = nil
        deadline = daemon.now + daemon.options.idleTimeout
        if daemon.isDraining { shut() }
    }

    /// Whether the deadline has passed. A stream waits for its events as long as it likes; its heartbeats show whether
    /// the client is there.
    func isOverdue(at now: ContinuousClock.Instant) -> Bool {
        if case .streaming = phase, isSuspended { return false }
        return deadline <= now
    }

    /// Forgets what serves a client that asks often, when this one does not: many may be connected and say nothing.
    func rest(at now: ContinuousClock.Instant) {
        if isIdle, arrival.duration(to: now) > Self.memory { forget() }
    }

    private func forget() {
        kept = nil
        knownFields = nil
    }

    /// Ends the connection: the library sees its end when it looks next.
    func shut() {
        guard !isClosing else { return }
        isClosing = true
        shutdown(descriptor, Int32(SHUT_RDWR))
        task?.cancel()
        if case .streaming(let body) = phase { body.abandon() }
        if case .parked = phase {
            // The handler may take its time to notice; nobody is left to read what it says.
            phase = .answered(HTTPResponse(status: 503))
        }
        resume()
    }

    /// The server goes down: whoever waits for more is told that there is no more.
    func drain() {
        if isIdle { return shut() }
        if case .streaming = phase { task?.cancel() }
    }
}
