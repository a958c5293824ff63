// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IZPUTreasury} from "../../src/interfaces/IZPUTreasury.sol";
import {Deployed} from "../support/Deployed.sol";

contract CreditTest is Deployed {
    function test_credit_countsWhatHasArrived() public {
        token.transfer(address(treasury), 3 ether);
        vm.prank(address(jobs));
        vm.expectEmit();
        emit IZPUTreasury.Credited(stranger, 3 ether);
        treasury.credit(stranger, 3 ether);
        assertEq(treasury.claimable(stranger), 3 ether);
        assertEq(treasury.totalClaimable(), 3 ether);
    }

    function test_credit_isTheJobsContracts() public {
        token.transfer(address(treasury), 3 ether);
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IZPUTreasury.NotJobs.selector, admin));
        treasury.credit(admin, 3 ether);
    }

    function test_credit_refusesWhatHasNotArrived() public {
        token.transfer(address(treasury), 3 ether);
        vm.startPrank(address(jobs));
        treasury.credit(stranger, 2 ether);
        vm.expectRevert(abi.encodeWithSelector(IZPUTreasury.CreditUnfunded.selector, 3 ether, 4 ether));
        treasury.credit(payout, 2 ether);
    }
}
