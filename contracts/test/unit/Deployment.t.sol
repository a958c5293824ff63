// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IZPUJobs} from "../../src/interfaces/IZPUJobs.sol";
import {ZPUJobs} from "../../src/ZPUJobs.sol";
import {ZPUProofVerifier} from "../../src/ZPUProofVerifier.sol";
import {ZPUTreasury} from "../../src/ZPUTreasury.sol";
import {Deployed} from "../support/Deployed.sol";

contract DeploymentTest is Deployed {
    function test_deployment_namesItsParts() public view {
        assertEq(address(jobs.TOKEN()), address(token));
        assertEq(address(jobs.REGISTRY()), address(registry));
        assertEq(address(jobs.VERIFIER()), address(verifier));
        assertEq(address(jobs.TREASURY()), address(treasury));
        assertEq(address(registry.TOKEN()), address(token));
        assertEq(address(treasury.TOKEN()), address(token));
        assertEq(treasury.JOBS(), address(jobs));
        assertEq(registry.MIN_STAKE(), MIN_STAKE);
        assertEq(registry.THAW_SECONDS(), THAW);
    }

    function test_deployment_refusesATreasuryOfAnother() public {
        vm.expectRevert(abi.encodeWithSelector(IZPUJobs.TreasuryMismatch.selector, address(jobs)));
        new ZPUJobs(token, registry, verifier, treasury);
    }

    function test_verifierOwnership_movesInTwoSteps() public {
        vm.prank(admin);
        verifier.transferOwnership(stranger);
        assertEq(verifier.owner(), admin);
        vm.prank(stranger);
        verifier.acceptOwnership();
        assertEq(verifier.owner(), stranger);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableInvalidOwner.selector, address(0)));
        new ZPUProofVerifier(address(0));
    }
}
