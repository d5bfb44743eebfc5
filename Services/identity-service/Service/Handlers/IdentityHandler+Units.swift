import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// Units (manual 1, 7.1).

extension IdentityHandler {
    func submitUnit(
        _ request: Identity.SubmitUnitRequest, context: RequestContext
    ) async throws -> Identity.Unit {
        let session = try session(context)
        try requireOwnPassword(session)
        let unitID = try ownUnit(session)
        var check = FormCheck()
        let form = UnitForm(request.details ?? Identity.UnitDetails(), &check)
        try refusing { () throws(Refusal) in try check.finish() }
        let unit = try await performPrivately(
            SubmitUnit(
                actor: session.personID, unitID: unitID, form: try sealed(form, unit: unitID)),
            for: request, context: context)
        try await leases.end(.unit(unitID))
        return try completed(unit, form)
    }

    func getUnit(
        _ request: Identity.GetUnitRequest, context: RequestContext
    ) async throws -> Identity.Unit {
        let session = try session(context)
        try requireOwnPassword(session)
        let unit = try storedUnit(try ownUnit(session))
        return try guarding {
            var message = unit.message
            message.legalRepresentativeIDMasked = try personal.maskedIDNumber(
                unit.legalRepresentativeID, .legalRepresentativeID(unit: unit.id))
            message.details?.legalRepresentativePhone = try clear(
                unit.legalRepresentativePhone, .legalRepresentativePhone(unit: unit.id))
            message.details?.contactPhone = try clear(
                unit.contactPhone, .contactPhone(unit: unit.id))
            return message
        }
    }

    func saveUnit(
        _ request: Identity.SaveUnitRequest, context: RequestContext
    ) async throws -> Identity.Unit {
        let session = try session(context)
        let unitID = try ownUnit(session)
        var given = request.details ?? Identity.UnitDetails()
        let unit = try storedUnit(unitID)
        // Locked fields may be left out.
        if given.nature.isEmpty { given.nature = unit.details.nature }
        if given.region.isEmpty { given.region = unit.details.region }
        var check = FormCheck()
        let form = UnitForm(given, &check)
        SaveUnit.checkLocked(given, unit.details, &check)
        try refusing { () throws(Refusal) in try check.finish() }
        let saved = try await performPrivately(
            SaveUnit(
                actor: session.personID, unitID: unitID, expectedVersion: request.expectedVersion,
                form: try sealed(form, unit: unitID), auditedBefore: { try audited($0) }),
            for: request, context: context)
        return try completed(saved, form)
    }

    func describeUnit(
        _ request: Identity.DescribeUnitRequest, context: RequestContext
    ) async throws -> Identity.UnitSummary {
        try storedUnit(request.unitID).summary
    }

    func findUnits(
        _ request: Identity.FindUnitsRequest, context: RequestContext
    ) async throws -> Identity.FindUnitsReply {
        var check = FormCheck()
        let prefix = check.text(
            request.namePrefix, "name_prefix", "单位名称", required: true, longest: 100)
        try refusing { () throws(Refusal) in try check.finish() }
        let isDepartment = context.caller.session?.role == .hrDepartment
        let authority = authority(context)
        let units = try database.fetch { rows in
            if (try? USCC(prefix.uppercased())) != nil,
                let (unit, _) = try UnitStore.unit(uscc: prefix.uppercased(), rows)
            {
                let isShown =
                    unit.state == .active
                    || isDepartment && unit.state == .suspended && authority.covers(unit)
                return isShown ? [unit] : []
            }
            let active = try UnitStore.named(prefix: prefix, in: .active, limit: 20, rows)
            guard isDepartment else { return active }
            // Few units are suspended; those of other regions are not to hide one of this.
            let suspended = try UnitStore.named(prefix: prefix, in: .suspended, limit: 500, rows)
            return Array((suspended.filter(authority.covers) + active).prefix(20))
        }
        return Identity.FindUnitsReply(units: units.map(\.summary))
    }

    // MARK: what they share

    private func ownUnit(_ session: Identity.Session) throws(RPCError) -> String {
        guard let unit = session.unit else {
            throw RPCError(code: .permissionDenied, message: "仅用人单位可以进行此操作")
        }
        return unit.id
    }

    private func storedUnit(_ id: String) throws(RPCError) -> StoredUnit {
        guard let unit = try database.fetch({ rows in try UnitStore.unit(id, rows) }) else {
            throw RPCError(serviceError: Refusal.notFound("单位"))
        }
        return unit
    }

    private func clear(_ phone: [UInt8]?, _ place: PersonalData.Place) throws -> String {
        try phone.map { try personal.open($0, place) } ?? ""
    }

    /// The command's answer with what is not stored in clear: the request's own phones, and the mask.
    private func completed(
        _ unit: Identity.Unit, _ form: UnitForm
    ) throws(RPCError) -> Identity.Unit {
        let stored = try storedUnit(unit.summary?.id ?? "")
        var unit = unit
        unit.details = form.message
        unit.legalRepresentativeIDMasked = try guarding {
            try personal.maskedIDNumber(
                stored.legalRepresentativeID, .legalRepresentativeID(unit: stored.id))
        }
        return unit
    }

    /// Seals the phones for the unit's row.
    func sealed(_ form: UnitForm, unit: String) throws(RPCError) -> SealedUnitForm {
        try guarding {
            SealedUnitForm(
                details: form.details,
                legalRepresentativePhone: try personal.seal(
                    form.legalRepresentativePhone, .legalRepresentativePhone(unit: unit)),
                contactPhone: try personal.seal(form.contactPhone, .contactPhone(unit: unit)),
                audited: audited(
                    form.details, phones: (form.legalRepresentativePhone, form.contactPhone)))
        }
    }

    private func audited(_ unit: StoredUnit) throws -> [AuditedValue] {
        audited(
            unit.details,
            phones: (
                try clear(
                    unit.legalRepresentativePhone, .legalRepresentativePhone(unit: unit.id)),
                try clear(unit.contactPhone, .contactPhone(unit: unit.id))
            ))
    }

    /// Values for the audit; what belongs to a person only as a fingerprint.
    private func audited(
        _ details: Identity.UnitDetails, phones: (legal: String, contact: String)
    ) -> [AuditedValue] {
        [
            AuditedValue(
                name: "legal_representative_phone", value: personal.fingerprint(phones.legal)),
            AuditedValue(name: "address", value: details.address),
            AuditedValue(
                name: "contact_name", value: personal.fingerprint(details.contactName)),
            AuditedValue(name: "contact_phone", value: personal.fingerprint(phones.contact)),
            AuditedValue(name: "nature", value: details.nature),
            AuditedValue(name: "email", value: personal.fingerprint(details.email)),
            AuditedValue(name: "region", value: details.region),
            AuditedValue(name: "fax", value: details.fax),
            AuditedValue(name: "industry_code", value: details.industryCode),
            AuditedValue(name: "status", value: details.status),
            AuditedValue(name: "economic_type", value: details.economicType),
            AuditedValue(name: "tax_number", value: details.taxNumber),
            AuditedValue(name: "license_kind", value: details.licenseKind),
            AuditedValue(name: "license_number", value: details.licenseNumber),
            AuditedValue(name: "license_day", value: details.licenseDay),
            AuditedValue(name: "license_years", value: details.licenseYears),
            AuditedValue(name: "approval_number", value: details.approvalNumber),
            AuditedValue(name: "approval_day", value: details.approvalDay),
            AuditedValue(name: "approving_body", value: details.approvingBody),
        ]
    }
}
