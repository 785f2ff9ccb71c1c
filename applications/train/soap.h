// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_applications_soap_h
#define lsr_applications_soap_h

#include <lsr/dense/blas.h>
#include <lsr/dense/host.h>
#include <lsr/dense/orthonormalization.h>

#include <cmath>
#include <vector>

#include "train/layer_shapes.h"

namespace lsr
{
  /**
   * SOAP (Vyas et al., 2024): Adam in the eigenvectors of Shampoo's
   * preconditioner. For every layer with the gradient $G$ of its weights and
   * biases, running means of $G G^T$ and $G^T G$ have the eigenvectors $Q_L$
   * and $Q_R$; Adam acts on $Q_L^T G Q_R$. The eigenvectors follow the means by
   * one step of orthogonal iteration every ten steps.
   */
  class Soap
  {
  public:
    /// For networks of this layout.
    explicit Soap(const FullyConnected &layout)
    {
      for (const LayerShape &shape : layer_shapes(layout))
        layers.emplace_back(shape);
    }

    /// Change parameters against the @p gradient of the loss there.
    void
    step(const Column &theta, const Column &gradient, const double rate)
    {
      ++n_steps;
      const double correction_1 = 1. - std::pow(beta, n_steps);
      for (Layer &layer : layers)
        {
          layer.read_gradient(gradient);
          layer.update_statistics();
          if (n_steps == 1)
            for (unsigned int i = 0; i < 10; ++i)
              layer.rotate();
          layer.update_moments();
          if (n_steps > 1) // the first step only makes the eigenvectors
            layer.change(theta, rate, correction_1);
          if (n_steps % 10 == 0)
            layer.rotate();
        }
    }

  private:
    static constexpr double beta = 0.95;

    /// Eigenvectors of a running mean of symmetric matrices.
    struct Eigenvectors
    {
      explicit Eigenvectors(const std::size_t n)
        : mean(make_zero_block(n, n))
        , Q(make_zero_block(n, n))
      {
        const HostBlock identity = to_host(Q);
        for (std::size_t i = 0; i < n; ++i)
          identity(i, i) = 1.;
        Kokkos::deep_copy(Q, identity);
      }

      /// A step of orthogonal iteration.
      /// @return $Q^T$ times the new $Q$.
      Block
      iterate()
      {
        const std::size_t n = Q.extent(0);
        Block             W = make_block(n, n);
        multiply(1., 'N', mean, 'N', Q, 0., W);
        normalize_columns(W);
        Orthonormalization result =
          orthonormalize(W, 1e-12, Pivoting::none, Communicator());
        const Block rotation = make_zero_block(n, n);
        if (result.n_columns == n)
          {
            multiply(1., 'T', Q, 'N', W, 0., rotation);
            Kokkos::deep_copy(Q, W);
          }
        else
          for (std::size_t i = 0; i < n; ++i)
            rotation(i, i) = 1.;
        return rotation;
      }

      /// Where nothing is known about a direction it stays.
      void
      normalize_columns(const Block &W) const
      {
        for (std::size_t j = 0; j < W.extent(1); ++j)
          {
            const Column w      = Kokkos::subview(W, Kokkos::ALL(), j);
            const double length = norm(w);
            if (length > 0.)
              for (std::size_t i = 0; i < w.size(); ++i)
                w(i) /= length;
            else
              Kokkos::deep_copy(w, Kokkos::subview(Q, Kokkos::ALL(), j));
          }
      }

      Block mean, Q;
    };

    /// Weights and biases as one matrix, (inputs + 1) x outputs.
    class Layer
    {
    public:
      explicit Layer(const LayerShape &shape)
        : shape(shape)
        , left(shape.n_inputs + 1)
        , right(shape.n_outputs)
      {
        for (Block *block :
             {&G, &work, &rotated, &first_moment, &second_moment})
          *block = make_zero_block(shape.n_inputs + 1, shape.n_outputs);
      }

      void
      read_gradient(const Column &gradient)
      {
        for (std::size_t j = 0; j < shape.n_outputs; ++j)
          for (std::size_t i = 0; i <= shape.n_inputs; ++i)
            G(i, j) = gradient(place(i, j));
      }

      void
      update_statistics()
      {
        multiply(1. - beta, 'N', G, 'T', G, beta, left.mean);
        multiply(1. - beta, 'T', G, 'N', G, beta, right.mean);
      }

      void
      rotate()
      {
        const Block by_left = left.iterate(), by_right = right.iterate();
        multiply(1., 'T', by_left, 'N', first_moment, 0., work);
        multiply(1., 'N', work, 'N', by_right, 0., first_moment);
      }

      void
      update_moments()
      {
        multiply(1., 'T', left.Q, 'N', G, 0., work);
        multiply(1., 'N', work, 'N', right.Q, 0., rotated);
        for (std::size_t i = 0; i < G.size(); ++i)
          {
            const double g = rotated.data()[i];
            first_moment.data()[i] +=
              (1. - beta) * (g - first_moment.data()[i]);
            second_moment.data()[i] +=
              (1. - beta) * (g * g - second_moment.data()[i]);
          }
      }

      void
      change(const Column &theta, const double rate, const double correction)
      {
        for (std::size_t i = 0; i < G.size(); ++i)
          rotated.data()[i] =
            first_moment.data()[i] / correction /
            (std::sqrt(second_moment.data()[i] / correction) + 1e-8);
        multiply(1., 'N', left.Q, 'N', rotated, 0., work);
        multiply(1., 'N', work, 'T', right.Q, 0., rotated);
        for (std::size_t j = 0; j < shape.n_outputs; ++j)
          for (std::size_t i = 0; i <= shape.n_inputs; ++i)
            theta(place(i, j)) -= rate * rotated(i, j);
      }

    private:
      /// Where an entry is among the parameters; the biases are the last row.
      std::size_t
      place(const std::size_t i, const std::size_t j) const
      {
        return shape.offset + (i < shape.n_inputs ?
                                 j * shape.n_inputs + i :
                                 shape.n_inputs * shape.n_outputs + j);
      }

      LayerShape   shape;
      Eigenvectors left, right;
      Block        G, work, rotated, first_moment, second_moment;
    };

    unsigned int       n_steps = 0;
    std::vector<Layer> layers;
  };
} // namespace lsr

#endif
