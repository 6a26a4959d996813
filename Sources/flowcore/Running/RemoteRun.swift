import AsyncHTTPClient
import FlowJSON
import NIOCore
import NIOHTTP1

/// A run on a server.
struct RemoteRun {
    let server: String
    let key: String?

    func run(_ submission: JSONObject) async throws -> RunOutcome {
        let accepted = try await call("POST", "/workflows", body: JSONWriter.bytes(of: .object(submission)))
        guard let id = accepted["workflow_id"]?.string else {
            throw UsageError(description: "\(server) is not a Flow Core server")
        }
        try await follow(id)
        let run = try await call("GET", "/workflows/\(id)", body: nil)
        return RunOutcome(
            status: run["status"]?.string ?? "unknown", output: run["output"] ?? .null,
            error: run["error"]?["message"]?.string)
    }

    /// Shows events until the stream says that the run has ended, and connects again when the connection breaks.
    private func follow(_ id: String) async throws {
        let progress = Progress()
        var last = "0"
        var failures = 0
        while true {
            var request = request("GET", "/workflows/\(id)/events")
            request.headers.add(name: "Accept", value: "text/event-stream")
            request.headers.add(name: "Last-Event-ID", value: last)
            do {
                let response = try await HTTPClient.shared.execute(request, timeout: .hours(24))
                guard response.status == .ok else {
                    throw UsageError(description: "\(server) answered with \(response.status.code)")
                }
                var lines = EventLines()
                for try await part in response.body {
                    for event in lines.take(part.readableBytesView) {
                        failures = 0
                        if let id = event.id { last = id }
                        if event.type == "end" { return }
                        if let data = try? JSONParser.parse(event.data) { progress.show(event.type, data) }
                    }
                }
            } catch let error as UsageError {
                throw error
            } catch {
                failures += 1
                if failures > 5 { throw UsageError(description: "\(server) does not answer: \(error)") }
                try await ContinuousClock().sleep(for: .seconds(1))
            }
        }
    }

    private func request(_ method: String, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server + path)
        request.method = .init(rawValue: method)
        if let key { request.headers.add(name: "Authorization", value: "Bearer \(key)") }
        return request
    }

    func call(_ method: String, _ path: String, body: [UInt8]?) async throws -> JSONValue {
        var request = request(method, path)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(body)
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
            let bytes = Array(try await response.body.collect(upTo: 256 << 20).readableBytesView)
            let value = try JSONParser.parse(bytes)
            guard response.status.code < 400 else {
                let issues = (value["errors"]?.array ?? []).map {
                    "\n  \($0["pointer"]?.string ?? ""): \($0["detail"]?.string ?? "")"
                }
                throw UsageError(
                    description: (value["detail"]?.string ?? "status \(response.status.code)") + issues.joined())
            }
            return value
        } catch let error as UsageError {
            throw error
        } catch {
            throw UsageError(description: "\(server) does not answer: \(error)")
        }
    }
}

/// Cuts a stream of server-sent events into events.
struct EventLines {
    struct Event {
        var type = "message"
        var id: String?
        var data = ""
    }

    private var rest: [UInt8] = []
    private var event = Event()

    mutating func take(_ bytes: some Sequence<UInt8>) -> [Event] {
        rest += bytes
        var events: [Event] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = String(decoding: rest[..<end], as: UTF8.self)
            rest.removeSubrange(...end)
            if line.isEmpty {
                if !event.data.isEmpty { events.append(event) }
                event = Event()
            } else if let colon = line.firstIndex(of: ":"), colon != line.startIndex {
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                switch line[..<colon] {
                case "event": event.type = String(value)
                case "id": event.id = String(value)
                case "data": event.data += value
                default: break
                }
            }
        }
        return events
    }
}
