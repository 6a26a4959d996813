import FlowCore
import FlowJSON
import Logging
import Synchronization

/// What the process says.
extension BridgeWorker {
    func take(_ line: [UInt8]) {
        let message: JSONValue
        do { message = try JSONParser.parse(line) } catch { return refuse(line, error) }
        state.withLock { $0.heard = .now }
        guard let kind = message["t"]?.string else { return }
        guard let id = message["id"]?.integer.flatMap({ Int(exactly: $0) }) else { return takeOwn(kind, message) }
        if kind == "checked" {
            state.withLock { $0.checks.removeValue(forKey: id) }?.resume(returning: message["error"]?.string)
            return
        }
        guard let call = state.withLock({ $0.calls[id] }) else { return }
        let step = message["step"]?.integer.flatMap { Int(exactly: $0) } ?? 0
        switch kind {
        case "chunk": call.chunk(step, message["value"] ?? .null)
        case "step": settle(call, step, .result(.success(output: message["output"] ?? .null)))
        case "native_step":
            settle(call, step, call.native(step) ?? .result(.success(output: .null)))
        case "over": forget(id)?.end(.notRun)
        case "native":
            guard let number = message["call"]?.integer else { return }
            guard let native = native() else { return write(BridgeMessage.native(number, nil)) }
            call.carryOut(step, input: message["input"], on: native) { [self] output in
                write(BridgeMessage.native(number, output))
            }
        case "ended":
            forget(id)?.end(
                call.native(step)
                    ?? .away(BackendError(.unavailable, backend: launch.backend, "there is no backend for the node")))
        case "failed":
            let failure = message["error"].flatMap { NodeFailure(decoding: $0) }
            let outcome = failure ?? NodeFailure(.failed, "the node failed, and nothing tells why")
            settle(call, step, .result(.failure(outcome)))
            // Branches beside the node go on.
            if message["goes_on"] == nil { forget(id)?.end(.notRun) }
        case "cancelled":
            forget(id)?.end(.away(BackendError(.cancelled, backend: launch.backend, "the attempt was cancelled")))
        case "hung":
            let seconds = message["seconds"]?.double ?? 0
            let hung = NodeFailure(
                .timeout, "the node's code kept its process from doing anything else for \(seconds) s",
                retriable: true, details: ["traceback": message["stack"] ?? .null])
            settle(call, step, .result(.failure(hung)))
            let node = call.nodes.indices.contains(step) ? call.nodes[step].id : call.request.node.id
            let reason = "node \"\(node)\" kept it from doing anything else for \(seconds) s"
            forget(id)?.end(.away(gone(reason)))
            kill(reason)
        case "log": log(call, step, message)
        default: return
        }
    }

    private func settle(_ call: BridgeCall, _ index: Int, _ outcome: BridgeCall.Outcome) {
        guard let (waiter, isOver) = call.settle(index, outcome) else { return }
        if isOver { forget(call.id) }
        if let waiter { settled.withLock { $0.append((waiter, outcome)) } }
    }

    /// Lets those go on who wait for what the process said last. They find the results known that came along with theirs.
    func release() {
        let waiters = settled.withLock { settled in
            defer { settled = [] }
            return settled
        }
        for (waiter, outcome) in waiters { waiter.resume(returning: outcome) }
    }

    /// Takes in what the process says of itself.
    private func takeOwn(_ kind: String, _ message: JSONValue) {
        switch kind {
        case "hello":
            state.withLock { $0.isReady = true }
            let hello = Hello(
                python: message["python"]?.string ?? "", langchain: message["langchain_core"]?.string ?? "")
            changed(self, .ready(hello))
        case "refused":
            changed(
                self, .refused(message["reason"]?.string ?? "no reason is told", kind: message["kind"]?.string ?? ""))
        case "beat":
            if let stuck = message["stuck"]?.integer, stuck > 0 {
                retire("code of \(stuck) nodes that have ended still runs in it")
            }
        case "hung": kill("something kept it from doing anything else: \(message["stack"]?.string?.suffix(500) ?? "")")
        default: return
        }
    }

    /// Has the node fail whose message cannot be read.
    private func refuse(_ line: [UInt8], _ error: JSONSyntaxError) {
        // Every message of a chain begins with its id.
        let digits = line.prefix(24).drop { !(0x30...0x39).contains($0) }.prefix { (0x30...0x39).contains($0) }
        guard line.starts(with: Array(#"{"id":"#.utf8)), let id = Int(String(decoding: digits, as: UTF8.self)),
            let call = forget(id)
        else { return kill("it wrote what is no message: \(error.reason)") }
        write(BridgeMessage.cancel(id))
        call.end(
            .result(
                .failure(
                    NodeFailure(
                        .invalidOutput, "what the node gave cannot be taken: \(error.reason) at byte \(error.offset)")))
        )
    }

    private func log(_ call: BridgeCall, _ step: Int, _ message: JSONValue) {
        let node = call.nodes.indices.contains(step) ? call.nodes[step].id : call.request.node.id
        logger.info(
            "a node printed: \(message["line"]?.string ?? "")",
            metadata: metadata([
                "workflow_id": "\(call.request.run.id)", "node_id": "\(node)", "attempt": "\(call.request.attempt)",
                "stream": "\(message["stream"]?.string ?? "")",
            ]))
    }

    /// Logs what came past Python, with the runs that it can be of.
    func logError(_ line: [UInt8]) {
        let runs = state.withLock { state in Set(state.calls.values.map { $0.request.run.id.rawValue }) }
        var more: Logger.Metadata = ["stream": "stderr"]
        if !runs.isEmpty { more["workflow_ids"] = .array(runs.sorted().prefix(10).map { "\($0)" }) }
        logger.info(
            "a Python process printed: \(String(decoding: line.prefix(4096), as: UTF8.self))", metadata: metadata(more))
    }
}
