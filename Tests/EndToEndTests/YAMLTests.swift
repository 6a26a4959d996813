import FlowJSON
import Foundation
import TestSupport
import Testing

/// Files of YAML that stand for more than they say, or hold what must not be shown.
@Suite("files of YAML", .timeLimit(.minutes(2)))
struct YAMLTests {
    /// Forty anchors, each of ten times the one before: as values, or as keys.
    private static func bomb(asKey: Bool) -> String {
        var text = "a0: &a0 [x, x, x]\n"
        for level in 1...40 {
            let list = "[" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ") + "]"
            text += asKey ? "a\(level): &a\(level) {? \(list) : 1}\n" : "a\(level): &a\(level) \(list)\n"
        }
        return text
    }

    private static let tooMuch = "with its aliases written out it has more than 100000 values"
    private static let noText = "in a file with aliases a key is a text"

    @Test("aliases that stand for endless values are refused, as values and as keys", arguments: [false, true])
    func bombs(asKey: Bool) async throws {
        let says = asKey ? Self.noText : Self.tooMuch
        let folder = try BackendFileTests.folder([("a.yaml", Self.bomb(asKey: asKey))])
        let workflow = try file("w.yaml", Self.bomb(asKey: asKey), in: folder)
        for verb in ["validate", "run"] {
            let result = try await flowcore([verb, workflow])
            #expect(
                result.code == 66 && result.error.contains(says), "\(verb): \(result.code) \(result.error.prefix(500))")
        }
        let samples = try await flowcore(["conformance", "native", "--samples", workflow])
        #expect(samples.code == 66 && samples.error.contains(says), "\(samples.error.prefix(500))")
        let environment = ["FLOWCORE_BACKENDS_DIRECTORY": folder + "/backends"]
        let data = folder + "/data"
        let served = try await flowcore(["serve", "--port", "0", "--data", data], environment: environment)
        #expect(served.code != 0 && served.error.contains("a.yaml: ") && served.error.contains(says))
        let settings = try await flowcore(["serve", "--port", "0", "--config", workflow, "--data", data])
        #expect(settings.code != 0 && settings.error.contains(says), "\(settings.error.prefix(500))")
    }

    @Test("aliases that spare writing are written out")
    func aliases() async throws {
        let text = """
            name: x
            nodes:
              - {node_id: a, type: set, config: &seven {value: 7}}
              - {node_id: b, type: set, config: *seven}
              - {node_id: c, type: set, config: {value: "R&D *a ? b : c"}}
            """
        let path = try file("w.yaml", text, in: try madeDirectory())
        let result = try await flowcore(["validate", path])
        #expect(result.code == 0, "\(result.output)\(result.error)")
    }

    @Test(
        "of a URL with credentials in it neither is shown when it is refused",
        arguments: [
            "name: x\ntype: remote\nconfig:\n  url: http://user:pw-0815@host\n",
            "name: x\ntype: remote\nconfig:\n  url: \"http://user:pw-0815@host\n", "http://user:pw-0815@host: [\n",
            "http://user:pw-0815@host: 1\nhttp://user:pw-0815@host: 1\n",
            "name: http://user:pw-0815@host\ntype: remote\n", "name: x\ntype: http://user:pw-0815@host\n",
        ])
    func credentials(_ text: String) async throws {
        let folder = try BackendFileTests.folder([("a.yaml", text)])
        let environment = ["FLOWCORE_BACKENDS_DIRECTORY": folder + "/backends"]
        let served = try await flowcore(
            ["serve", "--port", "0", "--data", folder + "/data"], environment: environment)
        #expect(served.code != 0 && served.error.contains("a.yaml"), "\(served.error)")
        #expect(!(served.error + served.output).contains("0815"), "\(served.error)")
    }
}
