// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_dealii_h
#define lsr_dealii_h

/**
 * @file
 * All that a deal.II program needs to refine a network.
 */

#include <lsr/fe/callback_residual.h>
#include <lsr/fe/field_distance.h>
#include <lsr/fe/grid_sampling.h>
#include <lsr/fe/linear_residual.h>
#include <lsr/fe/network_function.h>
#include <lsr/fe/newton_residual.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/refined_field.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/network_script.h>

#endif
