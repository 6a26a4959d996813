import FlowCore
import FlowEngine
import FlowHosting
import FlowJSON
import FlowServer

/// A run in this process, in memory.
enum LocalRun {
    static func run(_ submission: JSONObject) async throws -> RunOutcome {
        var request = try SubmitRequest(decoding: submission, limits: WorkflowLimits())
        request.durability = Durability.none
        return try await Temporary.withAssembly { [request] assembly in
            let service = assembly.service
            let id: WorkflowID
            do {
                id = try await service.submit(request).snapshot.context.id
            } catch ServiceError.invalid(let issues) {
                throw FlowCore.ValidationError(issues)
            }
            let progress = Progress()
            var events = try await service.events(of: id, after: 0)
            while let page = try await events.next() {
                for event in page {
                    var writer = JSONWriter()
                    EventEncoding.write(event, to: &writer)
                    progress.show(EventEncoding.type(of: event), try JSONParser.parse(writer.bytes))
                }
            }
            let context = try await service.load(id).context
            return RunOutcome(
                status: context.status.rawValue, output: context.output ?? .null, error: context.error?.message)
        }
    }
}
