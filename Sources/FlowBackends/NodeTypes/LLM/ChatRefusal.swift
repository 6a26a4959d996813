import FlowCore
import FlowJSON

/// What services say that do not answer.
enum ChatRefusal {
    /// The failure that a status other than success stands for.
    ///
    /// - Throws: `CancellationError`.
    static func failure(
        _ head: OutboundHTTP.AnswerHead, _ body: AnswerBody
    ) async throws(CancellationError) -> NodeFailure {
        var bytes: [UInt8] = []
        do {
            bytes = try await body.all()
        } catch let error as CancellationError {
            throw error
        } catch {
            // A body that breaks off or is too long does not hide the status.
        }
        let status = head.status
        let isDenied = status == 401 || status == 403
        var details: JSONObject = ["status": .integer(Int64(status))]
        let answer = (try? JSONParser.parse(bytes)) ?? .null
        // Those who deny a key like to quote a part of it.
        if let reason = reason(answer["error"] ?? answer, hasMessage: !isDenied) { details["error"] = reason }
        if isDenied {
            return NodeFailure(
                .forbidden, "the service refused the key, or what it is used for, with status \(status)",
                details: .object(details))
        }
        return NodeFailure(
            .httpStatus, "the service answered with status \(status)", retriable: OutboundHTTP.isTransient(status),
            details: .object(details))
    }

    /// The failure that a service tells of within a stream.
    static func failure(inStream error: JSONValue) -> NodeFailure {
        NodeFailure(
            .failed, "the service broke off its answer with an error", retriable: true,
            details: reason(error, hasMessage: true).map { ["error": $0] })
    }

    /// The members of an error that say why, cut to a length that can be read.
    private static func reason(_ error: JSONValue, hasMessage: Bool) -> JSONValue? {
        if let text = error.string { return hasMessage ? ["message": .string(String(text.prefix(1000)))] : nil }
        var reason = JSONObject()
        for name in ["type", "code", "param", "message"] where hasMessage || name != "message" {
            switch error[name] {
            case .string(let text): reason[name] = .string(String(text.prefix(1000)))
            case .integer(let number): reason[name] = .integer(number)
            default: break
            }
        }
        return reason.isEmpty ? nil : .object(reason)
    }
}
