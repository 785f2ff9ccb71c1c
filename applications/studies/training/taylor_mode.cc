// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/training/taylor_mode.h"

#include <lsr/base/exceptions.h>

#include <KokkosBlas3_gemm.hpp>

#include <algorithm>
#include <cmath>

namespace lsr_studies
{
  namespace
  {
    /// Layers of gated networks that are no hidden ones.
    constexpr std::size_t n_encoders = 2;

    HostBlock
    make_host_block(const std::size_t n_rows, const std::size_t n_columns)
    {
      return HostBlock("lsr::TaylorMode", n_rows, n_columns);
    }
  } // namespace



  TaylorMode::TaylorMode(const FullyConnected      &layout,
                         const std::vector<double> &a)
    : gated(layout.architecture == "modified")
    , a(a)
    , n_inputs(layout.n_inputs)
    , n_entries(a.empty() ? 1 : layout.n_inputs + 1)
    , curved(std::any_of(a.begin(), a.end(), [](double b) { return b != 0.; }))
  {
    require(layout.activation == "tanh" && layout.input_shift.empty() &&
              layout.input_scale.empty() && !layout.widths.empty() &&
              (a.empty() || a.size() == n_inputs),
            "TaylorMode: a tanh network with hidden layers and no "
            "standardization expected, and one weight for each input");
    n_entries += curved;
    for (const LayerShape &shape : layer_shapes(layout))
      layers.push_back({shape, {}, {}});
  }



  void
  TaylorMode::resize(const std::size_t n)
  {
    if (n == n_points)
      return;
    n_points                    = n;
    const std::size_t n_columns = n * n_entries;
    std::size_t       width     = 0;
    hidden.clear();
    for (Layer &layer : layers)
      {
        layer.z = make_host_block(layer.shape.n_outputs, n_columns);
        layer.y = make_host_block(layer.shape.n_outputs, n_columns);
        hidden.push_back(
          gated ? make_host_block(layer.shape.n_outputs, n_columns) : layer.y);
        width = std::max({width, layer.shape.n_inputs, layer.shape.n_outputs});
      }
    input = make_host_block(n_inputs, n_columns);
    if (gated)
      for (HostBlock *block : {&difference, &d_difference, &d_v, &d_u})
        *block = make_host_block(layers[0].shape.n_outputs, n_columns);
    slopes_out = make_host_block(width, n_columns);
    slopes_in  = make_host_block(width, n_columns);
  }



  void
  TaylorMode::linear(const Layer      &layer,
                     const HostColumn &theta,
                     const HostBlock  &x) const
  {
    const HostBlock weights(theta.data() + layer.shape.offset,
                            layer.shape.n_inputs,
                            layer.shape.n_outputs);
    KokkosBlas::gemm("T", "N", 1., weights, x, 0., layer.z);
    const double *bias = weights.data() + weights.size();
    for (std::size_t j = 0; j < n_points; ++j)
      for (std::size_t i = 0; i < layer.shape.n_outputs; ++i)
        layer.z(i, j) += bias[i];
  }



  void
  TaylorMode::linear_backward(const Layer      &layer,
                              const HostColumn &theta,
                              const HostBlock  &x,
                              const HostBlock  &dz,
                              const HostColumn &gradient,
                              const HostBlock  &dx) const
  {
    const HostBlock weights(theta.data() + layer.shape.offset,
                            layer.shape.n_inputs,
                            layer.shape.n_outputs),
      d_weights(gradient.data() + layer.shape.offset,
                layer.shape.n_inputs,
                layer.shape.n_outputs);
    KokkosBlas::gemm("N", "T", 1., x, dz, 0., d_weights);
    double *d_bias = d_weights.data() + d_weights.size();
    std::fill_n(d_bias, layer.shape.n_outputs, 0.);
    for (std::size_t j = 0; j < n_points; ++j)
      for (std::size_t i = 0; i < layer.shape.n_outputs; ++i)
        d_bias[i] += dz(i, j);
    if (dx.size() > 0)
      KokkosBlas::gemm("N", "N", 1., weights, dz, 0., dx);
  }



  void
  TaylorMode::activate(const Layer &layer) const
  {
    // Entry k of a jet is this far behind entry k - 1.
    const std::size_t n = layer.shape.n_outputs * n_points;
    const double     *z = layer.z.data();
    double           *y = layer.y.data();
    for (std::size_t i = 0; i < n; ++i)
      y[i] = std::tanh(z[i]);
    for (unsigned int k = 1; k < n_entries; ++k)
      for (std::size_t i = 0; i < n; ++i)
        y[k * n + i] = (1. - y[i] * y[i]) * z[k * n + i];
    if (curved)
      for (unsigned int k = 1; k <= n_inputs; ++k)
        if (a[k - 1] != 0.)
          for (std::size_t i = 0; i < n; ++i)
            y[(n_entries - 1) * n + i] +=
              -2. * y[i] * a[k - 1] * y[k * n + i] * z[k * n + i];
  }



  void
  TaylorMode::activate_backward(const Layer     &layer,
                                const HostBlock &slopes) const
  {
    const std::size_t n = layer.shape.n_outputs * n_points;
    const double     *z = layer.z.data(), *y = layer.y.data();
    double           *d = slopes.data();

    // First the slopes of z and of first derivatives of z, from all of y.
    for (std::size_t i = 0; i < n; ++i)
      d[i] *= 1. - y[i] * y[i];
    for (unsigned int k = 1; k < n_entries; ++k)
      for (std::size_t i = 0; i < n; ++i)
        {
          const double s1 = 1. - y[i] * y[i];
          d[i] -= 2. * y[i] * s1 * z[k * n + i] * d[k * n + i];
          d[k * n + i] *= s1;
        }
    if (!curved)
      return;
    // d_c holds s1 dy_c now.
    const double *d_c = d + (n_entries - 1) * n;
    for (unsigned int k = 1; k <= n_inputs; ++k)
      if (a[k - 1] != 0.)
        for (std::size_t i = 0; i < n; ++i)
          {
            const double z_k = z[k * n + i];
            d[i] += d_c[i] * (6. * y[i] * y[i] - 2.) * a[k - 1] * z_k * z_k;
            d[k * n + i] -= 4. * y[i] * a[k - 1] * z_k * d_c[i];
          }
  }



  void
  TaylorMode::gate(const HostBlock &y_block, const HostBlock &h_block) const
  {
    const std::size_t n = y_block.extent(0) * n_points;
    const double     *y = y_block.data(), *u = difference.data(),
                 *v = layers[1].y.data();
    double *h       = h_block.data();
    for (std::size_t i = 0; i < n; ++i)
      h[i] = v[i] + y[i] * u[i];
    for (unsigned int k = 1; k < n_entries; ++k)
      for (std::size_t i = 0; i < n; ++i)
        h[k * n + i] = v[k * n + i] + y[k * n + i] * u[i] + y[i] * u[k * n + i];
    if (curved)
      for (unsigned int k = 1; k <= n_inputs; ++k)
        if (a[k - 1] != 0.)
          for (std::size_t i = 0; i < n; ++i)
            h[(n_entries - 1) * n + i] +=
              2. * a[k - 1] * y[k * n + i] * u[k * n + i];
  }



  void
  TaylorMode::gate_backward(const HostBlock &y_block,
                            const HostBlock &slopes) const
  {
    const std::size_t n = y_block.extent(0) * n_points;
    const double     *y = y_block.data(), *u = difference.data();
    double *d = slopes.data(), *du = d_difference.data(), *dv = d_v.data();
    for (std::size_t i = 0; i < n * n_entries; ++i)
      dv[i] += d[i];

    // The mixed terms of the second derivatives first, then the products.
    const double *d_c = d + (n_entries - 1) * n;
    for (std::size_t i = 0; i < n; ++i)
      du[i] += d[i] * y[i];
    for (unsigned int k = 1; k < n_entries; ++k)
      for (std::size_t i = 0; i < n; ++i)
        {
          du[i] += d[k * n + i] * y[k * n + i];
          du[k * n + i] += d[k * n + i] * y[i];
        }
    if (curved)
      for (unsigned int k = 1; k <= n_inputs; ++k)
        if (a[k - 1] != 0.)
          for (std::size_t i = 0; i < n; ++i)
            du[k * n + i] += 2. * a[k - 1] * d_c[i] * y[k * n + i];
    for (std::size_t i = 0; i < n; ++i)
      d[i] *= u[i];
    for (unsigned int k = 1; k < n_entries; ++k)
      {
        const bool   mixed = curved && k <= n_inputs;
        const double twice = mixed ? 2. * a[k - 1] : 0.;
        for (std::size_t i = 0; i < n; ++i)
          {
            const double d_k = d[k * n + i];
            d[i] += d_k * u[k * n + i];
            d[k * n + i] =
              d_k * u[i] + (mixed ? twice * d_c[i] * u[k * n + i] : 0.);
          }
      }
  }



  const HostBlock &
  TaylorMode::forward(const HostColumn &theta, const HostBlock &points)
  {
    require(points.extent(0) == n_inputs &&
              theta.size() ==
                layers.back().shape.offset + layers.back().shape.n_parameters(),
            "TaylorMode: parameters or points of another network");
    resize(points.extent(1));
    for (std::size_t j = 0; j < n_points; ++j)
      for (unsigned int k = 0; k < n_inputs; ++k)
        {
          input(k, j) = points(k, j);
          if (n_entries > 1)
            input(k, (k + 1) * n_points + j) = 1.;
        }

    const std::size_t first = gated ? n_encoders : 0;
    for (std::size_t l = 0; l < first; ++l)
      {
        linear(layers[l], theta, input);
        activate(layers[l]);
      }
    if (gated)
      for (std::size_t i = 0; i < difference.size(); ++i)
        difference.data()[i] = layers[0].y.data()[i] - layers[1].y.data()[i];
    for (std::size_t l = first; l < layers.size(); ++l)
      {
        linear(layers[l], theta, l == first ? input : hidden[l - 1]);
        if (l + 1 == layers.size())
          break;
        activate(layers[l]);
        if (gated)
          gate(layers[l].y, hidden[l]);
      }
    return layers.back().z;
  }



  void
  TaylorMode::backward(const HostColumn &theta,
                       const HostBlock  &slopes,
                       const HostColumn &gradient)
  {
    const std::size_t first     = gated ? n_encoders : 0;
    const std::size_t n_columns = n_points * n_entries;
    const auto        part = [&](const HostBlock &memory, const std::size_t n) {
      return HostBlock(memory.data(), n, n_columns);
    };
    if (gated)
      for (const HostBlock &block : {d_difference, d_v})
        Kokkos::deep_copy(block, 0.);

    HostBlock dz = slopes;
    for (std::size_t l = layers.size(); l-- > first;)
      {
        const Layer &layer = layers[l];
        if (l + 1 < layers.size())
          {
            if (gated)
              gate_backward(layer.y, dz);
            activate_backward(layer, dz);
          }
        const HostBlock dx =
          l == first ?
            HostBlock() :
            part(dz.data() == slopes_in.data() ? slopes_out : slopes_in,
                 layer.shape.n_inputs);
        linear_backward(
          layer, theta, l == first ? input : hidden[l - 1], dz, gradient, dx);
        dz = dx;
      }
    if (!gated)
      return;
    for (std::size_t i = 0; i < d_u.size(); ++i)
      {
        d_u.data()[i] = d_difference.data()[i];
        d_v.data()[i] -= d_difference.data()[i];
      }
    activate_backward(layers[0], d_u);
    activate_backward(layers[1], d_v);
    linear_backward(layers[0], theta, input, d_u, gradient, {});
    linear_backward(layers[1], theta, input, d_v, gradient, {});
  }
} // namespace lsr_studies
