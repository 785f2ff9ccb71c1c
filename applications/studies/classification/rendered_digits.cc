// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "applications/studies/classification/images.h"

namespace lsr_studies
{
  namespace
  {
    using Point = std::complex<double>;

    /// A smooth curve through some points. Corners are where one stroke ends
    /// and the next begins.
    using Stroke = std::vector<Point>;

    /// The ways to write each digit: points x,y of strokes that / separates, in
    /// a box from 0,0, top left, to 100,100.
    const std::array<std::vector<std::string>, ImageSet::n_classes> alphabet = {
      {
        // 0: round; narrow, beginning at the side
        {"52,0 20,14 8,50 22,87 50,100 80,86 92,50 78,12 50,0",
         "75,12 50,0 25,20 20,60 40,98 65,92 80,55 72,15 55,2"},
        // 1: a line; with a flag; with a flag and a base
        {"50,0 50,50 50,100",
         "27,24 42,14 56,0 / 56,0 55,50 55,100",
         "28,22 52,0 / 52,0 52,100 / 22,100 80,100"},
        // 2: with a corner; with a loop; like a Z
        {"12,25 28,5 60,0 85,22 70,52 40,78 10,100 / 10,100 90,100",
         "15,20 45,0 80,20 62,60 25,95 8,88 25,76 55,93 92,97",
         "15,10 50,0 82,12 75,40 12,97 / 12,97 50,95 88,100"},
        // 3: round; with a flat top; without a corner
        {"12,14 45,0 82,20 70,40 38,47 / 38,47 78,55 88,78 55,100 10,88",
         "12,2 84,2 / 84,2 44,42 / 44,42 80,50 86,78 55,100 12,90",
         "18,8 60,0 80,20 50,46 80,65 70,93 20,98"},
        // 4: open; closed; open and round
        {"22,0 15,30 10,56 / 10,56 92,54 / 70,5 68,50 66,100",
         "66,0 38,34 6,66 / 6,66 94,66 / 66,0 66,100",
         "18,2 14,38 35,52 75,42 / 80,0 75,42 70,100"},
        // 5: with corners; like an S; with a short roof
        {"86,2 24,2 / 24,2 20,44 / 20,44 55,36 87,62 65,95 10,92",
         "85,4 40,4 18,25 45,46 80,62 75,90 40,100 10,90",
         "30,6 24,46 / 24,46 60,42 84,68 60,98 15,95 / 30,6 60,8 80,0"},
        // 6: round; with a straight back
        {"76,4 38,20 14,62 32,97 72,94 82,66 52,50 17,70",
         "60,0 34,38 20,74 42,100 74,88 66,62 40,60 22,78"},
        // 7: plain; with a bar; with a hook
        {"10,3 90,2 / 90,2 62,45 42,100",
         "12,2 88,3 / 88,3 58,50 38,100 / 30,50 82,46",
         "12,20 16,3 / 16,3 50,6 86,2 / 86,2 70,30 55,65 50,100"},
        // 8: in one stroke; of two rings; begun at the top right
        {"50,46 20,24 50,0 80,22 50,46 14,76 50,100 86,76 50,46",
         "50,0 24,20 48,44 76,22 50,0 / 50,44 16,72 50,100 84,72 50,44",
         "82,10 50,0 24,20 50,46 80,76 50,100 18,80 48,48 82,10"},
        // 9: with a straight stem; with a tail; in one stroke
        {"80,22 50,0 18,24 44,50 80,26 / 82,5 78,50 74,100",
         "80,24 50,0 18,24 44,50 80,24 / 80,24 84,60 60,97 20,92",
         "84,12 50,0 20,26 42,48 74,34 84,12 70,60 50,100"},
      }};



    std::vector<Stroke>
    strokes_of(const std::string &glyph)
    {
      std::vector<Stroke> strokes(1);
      std::istringstream  text(glyph);
      for (std::string word; text >> word;)
        if (word == "/")
          strokes.emplace_back();
        else
          strokes.back().emplace_back(
            std::stoi(word) / 100.,
            std::stoi(word.substr(word.find(',') + 1)) / 100.);
      return strokes;
    }



    /// Random numbers that are the same with every standard library.
    class Random
    {
    public:
      explicit Random(const std::uint64_t seed)
        : generator(seed)
      {}

      /// One of 0, ..., n - 1.
      std::size_t
      choice(const std::size_t n)
      {
        return generator() % n;
      }

      double
      uniform(const double low, const double high)
      {
        return low + (high - low) * (generator() >> 11) * 0x1p-53;
      }

      double
      normal(const double deviation)
      {
        const double radius = std::sqrt(-2 * std::log(1 - uniform(0, 1)));
        return deviation * radius * std::cos(2 * M_PI * uniform(0, 1));
      }

    private:
      std::mt19937_64 generator;
    };



    /// From the box of a glyph to pixels: bent by some smooth waves, stretched,
    /// slanted, turned and shifted.
    class Hand
    {
    public:
      explicit Hand(Random &random)
      {
        for (Wave &wave : waves)
          wave = {random.normal(2.5),
                  random.normal(2.5),
                  random.uniform(0, 2 * M_PI),
                  Point{random.normal(0.022), random.normal(0.022)}};
        shift  = Point{random.normal(0.5), random.normal(0.5)};
        width  = random.uniform(12.5, 17);
        height = random.uniform(17, 20);
        slant  = random.normal(0.1);
        turn   = std::polar(1., random.normal(M_PI / 36));
      }

      Point
      operator()(const Point &p) const
      {
        constexpr double center = ImageSet::width / 2.;
        Point            bent   = p;
        for (const Wave &wave : waves)
          bent +=
            std::sin(wave.kx * p.real() + wave.ky * p.imag() + wave.phase) *
            wave.size;
        const double x = width * (bent.real() - 0.5),
                     y = height * (bent.imag() - 0.5);
        return Point(center, center) + shift + turn * Point(x - slant * y, y);
      }

    private:
      struct Wave
      {
        double kx, ky, phase;
        Point  size;
      };
      std::array<Wave, 3> waves;
      Point               shift, turn;
      double              width, height, slant;
    };



    /// The point of a spline of Catmull and Rom at @p position, from 0 to the
    /// number of points less one.
    Point
    at(const Stroke &stroke, const double position)
    {
      const int  last = int(stroke.size()) - 1;
      const int  i    = std::min(int(position), last - 1);
      const auto p    = [&](const int j) {
        return stroke[std::clamp(j, 0, last)];
      };
      const Point  a = p(i - 1), b = p(i), c = p(i + 1), d = p(i + 2);
      const double t = position - i;
      return b + t / 2 *
                   (c - a +
                    t * (2. * a - 5. * b + 4. * c - d +
                         t * (3. * (b - c) + d - a)));
    }



    /// Distances of the centers of the pixels to what has been drawn, as far as
    /// they are within reach of the pen.
    class Drawing
    {
    public:
      Drawing()
      {
        squared_distances.fill(std::numeric_limits<double>::max());
      }

      void
      draw_segment(const Point &a, const Point &b)
      {
        constexpr double reach  = 4;
        const auto       within = [](const double x) {
          return int(std::clamp(x, 0., double(ImageSet::width)));
        };
        const auto [left, right] = std::minmax({a.real(), b.real()});
        const auto [top, bottom] = std::minmax({a.imag(), b.imag()});
        const Point  d           = b - a;
        const double length2     = std::max(std::norm(d), 1e-12);
        for (int y = within(top - reach); y < within(bottom + reach); ++y)
          for (int x = within(left - reach); x < within(right + reach); ++x)
            {
              const Point  p = Point(x + 0.5, y + 0.5) - a;
              const double t =
                std::clamp(std::real(p * std::conj(d)) / length2, 0., 1.);
              double &distance = squared_distances[y * ImageSet::width + x];
              distance         = std::min(distance, std::norm(p - t * d));
            }
      }

      double
      distance(const std::size_t pixel) const
      {
        return std::sqrt(squared_distances[pixel]);
      }

    private:
      std::array<double, ImageSet::n_pixels> squared_distances;
    };



    Drawing
    draw(const std::string &glyph, Random &random)
    {
      constexpr unsigned int segments_of_span = 5;
      const Hand             hand(random);
      Drawing                drawing;
      for (const Stroke &stroke : strokes_of(glyph))
        {
          const double       spans = stroke.size() - 1.;
          const double       begin = random.uniform(0, 0.08) * spans;
          const double       end   = random.uniform(0.92, 1) * spans;
          const unsigned int n     = segments_of_span * (stroke.size() - 1);
          Point              last  = hand(at(stroke, begin));
          for (unsigned int i = 1; i <= n; ++i)
            {
              const Point next =
                hand(at(stroke, begin + (end - begin) * i / n));
              drawing.draw_segment(last, next);
              last = next;
            }
        }
      return drawing;
    }



    /// Append the pixels of one image.
    void
    append(const Drawing              &drawing,
           Random                     &random,
           std::vector<unsigned char> &pixels)
    {
      const double radius   = random.uniform(0.9, 1.8),
                   softness = random.uniform(0.7, 1.4),
                   darkness = random.uniform(0.65, 1),
                   noise    = random.uniform(0, 0.08);
      for (std::size_t i = 0; i < ImageSet::n_pixels; ++i)
        {
          const double ink =
            std::clamp(0.5 + (radius - drawing.distance(i)) / softness, 0., 1.);
          const double grey =
            std::clamp(darkness * ink + random.normal(noise), 0., 1.);
          pixels.push_back(std::lround(255 * grey));
        }
    }
  } // namespace



  ImageSet
  render_digits(const std::size_t n_images, const std::uint64_t seed)
  {
    Random                     random(seed);
    std::vector<unsigned char> pixels;
    std::vector<unsigned int>  labels;
    pixels.reserve(n_images * ImageSet::n_pixels);
    for (std::size_t i = 0; i < n_images; ++i)
      {
        labels.push_back(random.choice(ImageSet::n_classes));
        const auto &glyphs = alphabet[labels.back()];
        append(draw(glyphs[random.choice(glyphs.size())], random),
               random,
               pixels);
      }
    return image_set(pixels, labels);
  }
} // namespace lsr_studies
