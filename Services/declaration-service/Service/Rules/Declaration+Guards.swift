import Messages
import ServiceRuntime
import Storage

// What more than one rule asks of a declaration.

extension StoredDeclaration {
    /// Where the event leads.
    /// - Throws: when the table has no such transition for these actors.
    func target(
        of event: DeclarationEvent, by actors: Set<DeclarationActor>
    ) throws(Refusal) -> DeclarationPhase {
        switch DeclarationMachine.verdict(phase, event, by: actors) {
        case .allowed(.phase(let next)): return next
        case .otherActor: throw .denied("当前状态为“\(phase.status)”，不能由您进行此操作")
        case .allowed(.deleted), .impossible:
            throw .precondition("当前状态为“\(phase.status)”，不能进行此操作")
        }
    }

    /// No event while another service is asked (decision 14).
    func requireSettled() throws(Refusal) {
        guard waitingStep == nil else { throw .busy("正在办理中，请稍后再试") }
    }

    func requireVersion(_ expected: Int64) throws(Refusal) {
        guard version == expected else { throw .conflict(current: version) }
    }

    /// Nobody decides on themselves (I10).
    func requireOther(_ officer: Officer) throws(Refusal) {
        guard officer.personKey != personKey, officer.personID != personID else {
            throw .denied("不能审核本人的申报，请由本单位其他经办人或主管部门办理")
        }
    }

    /// Nor on themselves at a later node.
    func requireOther(_ party: Party) throws(Refusal) {
        guard party.personKey != personKey, party.personID != personID else {
            throw .ownCase
        }
    }

    /// Nor what was decided about them, in the HR department.
    func requireOther(_ department: Identity.Session) throws(Refusal) {
        guard department.personKey != personKey, department.personID != personID else {
            throw .ownCase
        }
    }

    /// The officer holds the claim, or may take it with this event: a sole officer (decision 2).
    func requireHolder(_ officer: Officer) throws(Refusal) {
        if let claim {
            guard claim.officerID == officer.personID else { throw .held(by: claim) }
        } else if phase == .unitPool, !officer.isAlone {
            throw .precondition("请先领取，再进行审核")
        }
    }
}

extension StoredRound {
    /// It waits for its decision.
    /// - Throws: who decided it, and how, to whoever lost the race; a conflict when it is over without a decision.
    func requireOpen() throws(Refusal) {
        if let decision {
            throw decision.tooLate(current: declaration.version)
        }
        guard declaration.round == id.round else {
            throw .conflict(current: declaration.version)
        }
    }
}

extension Refusal {
    static var ownCase: Refusal { .denied("不能审核本人的申报，请由其他人员办理") }

    /// A lost claim, or an event of somebody who does not hold it; the detail names the holder (D5).
    static func held(by claim: StoredDeclaration.Claim) -> Refusal {
        .precondition(
            "该申报已由本单位其他经办人领取",
            detail: Common.ClaimHolder(
                officerID: claim.officerID, officerName: claim.officerName))
    }
}

extension Changes {
    /// The officer takes the declaration out of the pool.
    mutating func claim(by officer: Officer) throws(Refusal) {
        let next = try declaration.target(of: .claim, by: officer.actors)
        apply("declaration.claim", by: "person:\(officer.personID)") {
            $0.phase = next
            $0.claim = StoredDeclaration.Claim(
                officerID: officer.personID, officerName: officer.name)
        }
    }
}
