import Domain
import Messages
import ServiceRuntime
import Storage

extension Identity.Unit: StorableReply {}

/// A name and a value of an audit row; personal data only as a keyed fingerprint.
struct AuditedValue: Sendable, Hashable {
    let name: String
    let value: String
}

extension StoredUnit {
    /// As services and lists show it.
    var summary: Identity.UnitSummary {
        Identity.UnitSummary(
            unitID: id, name: name, uscc: uscc, nature: details.nature, region: details.region,
            isSuspended: state == .suspended, version: version)
    }

    /// As its officers see it, without what only the handler can open: phones and the masked number.
    var message: Identity.Unit {
        Identity.Unit(
            summary: summary, legalRepresentativeName: legalRepresentativeName, details: details,
            version: version, state: state.rawValue, builtIn: isBuiltIn)
    }

    /// The next version after `event`, with the form's values.
    func changed(by event: UnitState.Event, _ form: SealedUnitForm) -> StoredUnit? {
        guard let next = state.after(event) else { return nil }
        var unit = self
        unit.state = next
        unit.version += 1
        unit.details = form.details
        unit.legalRepresentativePhone = form.legalRepresentativePhone
        unit.contactPhone = form.contactPhone
        return unit
    }
}

extension Identity.UnitSummary {
    /// Adds the labels of nature and region.
    init(
        unitID: String, name: String, uscc: String, nature: String, region: String,
        isSuspended: Bool = false, version: Int64 = 0
    ) {
        let place = Region(code: region)
        self.init(
            id: unitID, name: name, uscc: uscc, nature: nature,
            natureLabel: CodeTable.unitNature.label(nature) ?? "",
            // 事业单位: a public institution keeps 岗位核准信息.
            quotaRequired: nature == "20", region: region,
            regionLabel: place?.label ?? "", administrativeLevel: place?.administrativeLevel ?? "",
            suspended: isSuspended, version: version)
    }
}

/// 提交 of 完善单位详细信息 at the first login: the unit is active afterwards, nobody reviews it (I2).
struct SubmitUnit: Command {
    let actor: String
    let unitID: String
    let form: SealedUnitForm

    func read(_ rows: any RowReader) throws -> StoredUnit? {
        try UnitStore.unit(unitID, rows)
    }

    func decide(_ unit: StoredUnit?, at now: Timestamp) throws(Refusal) -> Plan<Identity.Unit> {
        guard let unit else { throw .notFound("单位") }
        guard let active = unit.changed(by: .submit, form) else {
            throw .precondition("单位信息已经提交，请在“完善单位信息”中修改")
        }
        return Plan(
            writes: [UnitStore.update(active, submitted: now)], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(actor)", action: "identity.unit.submit",
                    object: "unit:\(unitID)", before: [("state", unit.state.rawValue)],
                    after: [("state", active.state.rawValue), ("version", "\(active.version)")]
                        + form.audited.map { ($0.name, $0.value) })
            ], reply: active.message)
    }
}

/// 保存 of 完善单位信息 (I6): everything but name, USCC, legal representative, nature and region.
struct SaveUnit: Command {
    let actor: String
    let unitID: String
    let expectedVersion: Int64
    let form: SealedUnitForm
    /// The values so far, for the audit: opens ciphertexts, so it is done while reading.
    let auditedBefore: @Sendable (StoredUnit) throws -> [AuditedValue]

    struct Facts: Sendable {
        let unit: StoredUnit?
        let before: [AuditedValue]
    }

    /// 单位性质 and 属地 change by an approved request only.
    static func checkLocked(
        _ given: Identity.UnitDetails, _ stored: Identity.UnitDetails, _ check: inout FormCheck
    ) {
        if given.nature != stored.nature {
            check.fault("details.nature", "单位性质", "提交后不可更改，请走变更申请")
        }
        if given.region != stored.region {
            check.fault("details.region", "属地", "提交后不可更改，请走变更申请")
        }
    }

    func read(_ rows: any RowReader) throws -> Facts {
        let unit = try UnitStore.unit(unitID, rows)
        return Facts(unit: unit, before: try unit.map(auditedBefore) ?? [])
    }

    func decide(_ facts: Facts, at now: Timestamp) throws(Refusal) -> Plan<Identity.Unit> {
        guard let unit = facts.unit else { throw .notFound("单位") }
        var check = FormCheck()
        Self.checkLocked(form.details, unit.details, &check)
        try check.finish()
        guard unit.version == expectedVersion else { throw .conflict(current: unit.version) }
        guard let saved = unit.changed(by: .editProfile, form) else {
            throw .precondition("单位尚未启用，请先提交单位详细信息")
        }
        let changed = form.audited.filter { !facts.before.contains($0) }
        let before = facts.before.filter { value in changed.contains { $0.name == value.name } }
        return Plan(
            writes: [UnitStore.update(saved, submitted: nil)], messages: [],
            audit: [
                AuditEntry(
                    actor: "person:\(actor)", action: "identity.unit.save",
                    object: "unit:\(unitID)",
                    before: [("version", "\(unit.version)")] + before.map { ($0.name, $0.value) },
                    after: [("version", "\(saved.version)")] + changed.map { ($0.name, $0.value) })
            ], reply: saved.message)
    }
}
