public import FlowJSON

/// Checks receipts by themselves, without the server that wrote them: that each says what its hash says, that each builds
/// on the one before it, and that inputs and outputs are those that they tell.
public struct ReceiptVerifier: Sendable {
    /// Everything that is wrong.
    public private(set) var problems: [String] = []
    /// How many receipts were checked.
    public private(set) var count = 0
    private var head: String?
    private var run: String?
    private var claimedHead: String?
    private var isWhole = true
    /// The last receipt of each node.
    private var last: [String: JSONValue] = [:]

    /// Makes a verifier that has seen nothing.
    public init() {}

    /// Takes in a page of receipts as the API answers it. Pages come in their order, from the first on.
    public mutating func add(page: JSONValue) {
        guard let receipts = page["receipts"]?.array, let submission = page["submission_hash"]?.string,
            let run = page["workflow_id"]?.string
        else { return problems.append("it is no answer with receipts") }
        if let known = self.run, known != run {
            problems.append("the pages are of two runs, \"\(known)\" and \"\(run)\"")
        }
        self.run = run
        if head == nil { head = submission }
        claimedHead = page["head"]?.string
        isWhole = page["next_after"]?.isNull ?? false
        for receipt in receipts { add(receipt) }
    }

    private mutating func add(_ receipt: JSONValue) {
        count += 1
        let name = "receipt \(count)"
        guard var object = receipt.object, let hash = object["hash"]?.string else {
            return problems.append("\(name) has no hash")
        }
        object["hash"] = nil
        if receipt["sequence"]?.integer != Int64(count) { problems.append("\(name) has another number") }
        if receipt["previous"]?.string != head { problems.append("\(name) does not build on the one before it") }
        if ReceiptHash.of(.object(object)) != hash { problems.append("\(name) does not say what its hash says") }
        head = hash
        if let node = receipt["node_id"]?.string { last[node] = receipt }
    }

    /// Checks inputs and outputs of a run, as the API answers it, against the last receipts of its nodes.
    public mutating func check(run value: JSONValue) {
        if let run, value["workflow_id"]?.string != run { problems.append("the run is not the one of the receipts") }
        for member in value["nodes"]?.object?.members ?? [] {
            guard let receipt = last[member.name] else { continue }
            func compare(_ field: String, _ hash: String) {
                guard let claim = receipt[hash]?.string, let data = member.value[field] else { return }
                if ReceiptHash.of(data) != claim {
                    problems.append("the \(field) of the node \"\(member.name)\" is not what its receipt tells")
                }
            }
            if member.value["input_omitted"] == nil { compare("input_data", "input_hash") }
            if member.value["status"] == "completed" { compare("output_data", "output_hash") }
        }
    }

    /// Checks that all receipts were there, once the last page has been taken in.
    public mutating func finish() {
        if run == nil { return problems.append("there are no receipts") }
        if !isWhole { problems.append("the last receipts are missing") }
        if isWhole, let claimedHead, claimedHead != head { problems.append("the last receipt is not the head") }
    }
}
